using System.Net.Http.Json;
using System.Text.Json;
using Gateway.Mail;
using ProviderEmulators;
using ProviderEmulators.Control;
using ProviderEmulators.SendGrid;

namespace Gateway.Tests.Providers;

/// <summary>The incidents as a person plays them with curl.</summary>
public sealed class ControlApiTests
{
    [Fact]
    public async Task An_incident_is_played_and_lifted_and_the_mails_are_listed()
    {
        await using var emulator = await SendGridEmulator.StartAsync(new EmulatorPorts());
        await using var control = await ControlApi.StartAsync(0, emulator);
        using var curl = new HttpClient { BaseAddress = control.Address };
        await using var provider = TestAccounts.Create(TestAccounts.Options(emulator));

        using var played = await curl.PutAsync("/sendgrid/scenarios/block401", content: null);
        Assert.True(played.IsSuccessStatusCode);
        Assert.Equal(Outcome.PathDown, (await provider.SendAsync(TestMail.Of(), default)).Outcome);

        using var lifted = await curl.DeleteAsync("/sendgrid/faults");
        Assert.Equal(Outcome.Accepted, (await provider.SendAsync(TestMail.Of(), default)).Outcome);

        using var own = await curl.PostAsJsonAsync(
            "/sendgrid/faults",
            new
            {
                at = "answer",
                @do = "Reply",
                status = 429,
                headers = new Dictionary<string, string> { ["Retry-After"] = "9" },
                times = 1,
            }
        );
        Assert.True(own.IsSuccessStatusCode);
        Assert.Equal(TimeSpan.FromSeconds(9), (await provider.SendAsync(TestMail.Of(), default)).RetryAfter);
        Assert.Equal(Outcome.Accepted, (await provider.SendAsync(TestMail.Of(), default)).Outcome);

        var mails = await curl.GetFromJsonAsync<JsonElement>("/sendgrid/mails");
        Assert.Equal(2, mails.GetArrayLength());
        var shown = await curl.GetFromJsonAsync<JsonElement>("/");
        Assert.Contains("credits", shown[0].GetProperty("scenarios").EnumerateArray().Select(s => s.GetString()));
    }

    [Fact]
    public async Task An_unknown_incident_is_told_the_known_ones()
    {
        await using var emulator = await SendGridEmulator.StartAsync(new EmulatorPorts());
        await using var control = await ControlApi.StartAsync(0, emulator);
        using var curl = new HttpClient { BaseAddress = control.Address };
        using var unknown = await curl.PutAsync("/sendgrid/scenarios/meteor", content: null);
        Assert.Equal(404, (int)unknown.StatusCode);
        Assert.Contains("block401", await unknown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
