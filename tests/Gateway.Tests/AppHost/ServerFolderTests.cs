using AppHost.Embedded.Processes;
using AppHost.Embedded.Servers;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.AppHost;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ServerFolderTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public async Task Data_of_a_clone_that_the_servers_user_cannot_reach_goes_elsewhere_and_is_wiped_with_it()
    {
        if (ServerAccount.Current is null)
        {
            Assert.Skip("only root runs the servers as another user");
        }

        await using var test = await TestFolder.CreateAsync();
        var home = Directory.CreateDirectory(Path.Combine(test.Path, "home"), OwnerOnly).FullName;
        var folder = Path.Combine(home, "clone", ".gateway");
        await using (var server = await EmbeddedPostgres.StartAsync(new() { Folder = folder, Durable = false }))
        {
            await server.EnsureDatabaseAsync("ledger");
        }

        var elsewhere = (await File.ReadAllTextAsync(Path.Combine(folder, "data-folder"))).Trim();
        Assert.StartsWith("/var/lib/email-gateway/", elsewhere, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(elsewhere, "postgres", "cluster", "PG_VERSION")));
        Assert.False(Directory.Exists(Path.Combine(folder, "postgres")));

        ServerFolder.Wipe(folder);

        Assert.False(Directory.Exists(elsewhere));
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task A_wipe_never_follows_a_note_out_of_the_systems_state_folder()
    {
        await using var test = await TestFolder.CreateAsync();
        var precious = Directory.CreateDirectory(Path.Combine(test.Path, "precious")).FullName;
        var folder = Directory.CreateDirectory(Path.Combine(test.Path, ".gateway")).FullName;
        foreach (
            var path in new[] { precious, "/var/lib/email-gateway/../../../" + precious, "/var/lib/email-gateway" }
        )
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "data-folder"), path);
            ServerFolder.Wipe(folder);
            Assert.True(Directory.Exists(precious));
        }
    }

    [Fact]
    public async Task A_password_is_drawn_once()
    {
        await using var test = await TestFolder.CreateAsync();
        var first = new ServerFolder(test.Path).Password("redis");
        Assert.Equal(64, first.Length);
        Assert.Equal(first, new ServerFolder(test.Path).Password("redis"));
        Assert.NotEqual(first, new ServerFolder(test.Path).Password("postgres"));
    }
}
