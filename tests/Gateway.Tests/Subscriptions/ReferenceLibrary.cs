using System.Text.Json;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.AppHost;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Subscriptions;

/// <summary>A request as somebody else's library is given it.</summary>
internal sealed record SignedRequest(string Secret, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>The reference library of Standard Webhooks, from npm.</summary>
internal static class ReferenceLibrary
{
    private const string Package = "standardwebhooks";
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    /// <summary>What it says of each: <c>valid</c>, or its error's name.</summary>
    public static async Task<string[]> VerifyAsync(IEnumerable<SignedRequest> requests)
    {
        var (npm, node) = (PeerProgram.Find("npm", "npm"), PeerProgram.Find("node", "nodejs"));
        await using var modules = await TestFolder.CreateAsync();
        await using (
            var installing = PeerProgram.Start(
                npm,
                "install",
                "--prefix",
                modules.Path,
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
                Package
            )
        )
        {
            var (code, output) = await installing.Finishes();
            if (code != 0 && Environment.GetEnvironmentVariable("CI") != "true")
            {
                Assert.Skip($"{Package} is absent: npm install {Package} ended with {code}");
            }

            Assert.True(code == 0, output);
        }

        var script = Path.Combine(
            RepositoryRoot.Path,
            "tests",
            "Gateway.Tests",
            "Subscriptions",
            "Clients",
            "verify_webhook.mjs"
        );
        await using var verifying = PeerProgram.Start(node, script, modules.Path);
        var (exit, said) = await verifying.Finishes(JsonSerializer.Serialize(requests, CamelCase));
        Assert.True(exit == 0, said);
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
