using System.Net.Http.Json;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.Running;

/// <summary>A9: no text of a sender can become an argument of a program, because the hosts never start one.</summary>
public sealed class A09_NoChildProcessTests(TestCluster cluster)
{
    [Theory]
    [InlineData("\"attacker\\\" -oQ/tmp/ -X/tmp/x.php  some\"@")]
    [InlineData("\"a b -be ${run{/bin/true}}\"@")]
    [InlineData("-OQueueDirectory=/tmp@")]
    public async Task Senders_that_look_like_arguments_start_nothing(string localPart)
    {
        await using var gateway = await RunningGateway.StartAsync(cluster);
        var tenant = await gateway.Ledger.CreateTenantAsync();
        using var client = gateway.Client(tenant);
        foreach (var from in (string[])[localPart + tenant.Domain, tenant.Address])
        {
            using var answer = await client.PostAsJsonAsync(
                "/v1/messages",
                new
                {
                    from = new { email = from },
                    to = new[] { "ann@example.net" },
                    subject = localPart,
                    text = localPart,
                }
            );
            Assert.Contains((int)answer.StatusCode, (int[])[202, 422]);
        }

        await Eventually.TrueAsync(
            () => gateway.Ledger.ScalarAsync<bool>("SELECT bool_and(state = 'sent') FROM deliveries"),
            "what was accepted is sent"
        );
        foreach (var host in gateway.Apis.Concat(gateway.Workers))
        {
            var children = Directory
                .GetDirectories($"/proc/{host.Pid}/task")
                .Select(thread => File.ReadAllText(Path.Combine(thread, "children")));
            Assert.All(children, c => Assert.Equal("", c.Trim()));
        }
    }
}
