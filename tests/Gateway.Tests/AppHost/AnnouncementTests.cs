using System.Text.Json;
using AppHost;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.AppHost;

public sealed class AnnouncementTests
{
    private static readonly SystemEndpoints Example = new(
        Api: "http://127.0.0.1:8080",
        Portal: null,
        Smtp: null,
        Webhooks: "http://127.0.0.1:8081",
        Ops: null,
        Demo: new DemoTenant("0198", "gw_live_key", "demo.example", Login: null, Password: null),
        Postgres: "Host=127.0.0.1;Password=secret",
        Redis: "127.0.0.1:6379,password=secret"
    );

    [Fact]
    public async Task The_file_names_everything_and_says_null_for_what_is_not_there()
    {
        await using var folder = await TestFolder.CreateAsync();
        var file = Path.Combine(folder.Path, "endpoints.json");

        Announcement.Write(file, Example);

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        string[] names = ["api", "portal", "smtp", "webhooks", "ops", "demo", "postgres", "redis"];
        Assert.Equal(names, json.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("smtp").ValueKind);
        string[] demo = ["tenant", "apiKey", "domain", "login", "password"];
        Assert.Equal(demo, json.RootElement.GetProperty("demo").EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task The_demo_tenant_is_what_migrate_wrote()
    {
        await using var folder = await TestFolder.CreateAsync();
        var file = Path.Combine(folder.Path, "demo.json");
        Assert.Null(Announcement.ReadDemo(file));
        await File.WriteAllTextAsync(file, """{"tenant":"0198","apiKey":"gw_live_key","domain":"demo.example"}""");
        Assert.Equal(Example.Demo, Announcement.ReadDemo(file));
    }

    [Fact]
    public void The_text_has_a_swaks_command_that_logs_in_with_the_key()
    {
        var text = Announcement.Text(
            Example with
            {
                Smtp = new SmtpEndpoint("127.0.0.1", 2525),
                Demo = Example.Demo!.WithLogin(),
            },
            "/clone/.gateway/endpoints.json"
        );
        Assert.Contains(
            "swaks --server 127.0.0.1:2525 --tls --auth PLAIN --auth-user apikey",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("--auth-password gw_live_key", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_text_has_a_command_to_paste_and_no_servers_password()
    {
        var text = Announcement.Text(Example, "/clone/.gateway/endpoints.json");
        Assert.Contains("curl -s http://127.0.0.1:8080/v1/messages \\\n", text, StringComparison.Ordinal);
        Assert.Contains("-H 'Authorization: Bearer gw_live_key'", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }
}
