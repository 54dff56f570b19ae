using System.Text.Json;
using Gateway.Mail.Bounces;
using Gateway.Mail.Tests;
using Gateway.Mail.Tests.Smtp.Peers;
using Gateway.Tests.AppHost;
using Gateway.Tests.Cluster;

namespace Gateway.Tests.BouncesByMail;

/// <summary>
/// Bounces as hosts all over the world wrote them, handed over by another maker's SMTP client, each for a delivery of its
/// own: what the reader says of the file is what the ledger says of the delivery.
/// </summary>
public sealed class BounceCorpusTests(TestCluster cluster)
{
    [Fact]
    public async Task Every_file_of_the_corpora_ends_its_delivery_as_the_reader_reads_it()
    {
        var python = PeerProgram.Find("python3", "python3");
        var files = Directory
            .EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests", "Corpus", "bounces"), "*.eml")
            .Concat(Directory.EnumerateFiles(Path.Combine(Corpora.Path("bounces-sisimai"), "eml")))
            .Concat(Directory.EnumerateFiles(Corpora.Path("bounces-other"), "*.eml"))
            .Order(StringComparer.Ordinal)
            .ToArray();
        await using var host = await ReturnHost.StartAsync(cluster);
        var tenant = await host.Ledger.CreateTenantAsync();
        var deliveries = await host.SentAsync(tenant, "broadcast", [.. files.Select((_, n) => $"r{n}@example.net")]);

        await using var sender = PeerProgram.Start(python, "-I", Script(), $"{host.Port}");
        var (exit, output) = await sender.Finishes(
            string.Concat(
                files.Select(
                    (file, n) =>
                        JsonSerializer.Serialize(
                            new
                            {
                                file,
                                from = "",
                                to = host.Addresses.Bounce(deliveries[n], 1),
                            }
                        ) + "\n"
                )
            )
        );
        Assert.True(exit == 0, output);
        var codes = output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l).RootElement)
            .ToDictionary(r => r.GetProperty("to").GetString()!, r => r.GetProperty("code").GetInt32());
        // What is no mail by the letter of RFC 5321 (a bare CR, a NUL) is refused, and its sender knows.
        var taken = files.Index().Where(f => codes[host.Addresses.Bounce(deliveries[f.Index], 1)] == 250).ToArray();
        await host.ReadAllAsync(taken.Length);
        await host.FollowAsync();

        var states = (
            await host.Ledger.QueryAsync<(Guid Id, string State, string? Cause, bool IsSuppressed)>(
                """
                SELECT d.delivery_id, d.state, d.cause, EXISTS (SELECT FROM suppressions s
                    WHERE s.address = d.recipient_key AND s.reason = 'hard_bounce')
                FROM deliveries d WHERE d.tenant_id = @Id
                """,
                new { tenant.Id }
            )
        ).ToDictionary(d => d.Id);
        var wrong = new List<string>();
        var hard = 0;
        foreach (var (n, file) in taken)
        {
            var (_, state, cause, isSuppressed) = states[deliveries[n]];
            var report = ReportReader.Read(File.ReadAllBytes(file));
            var about = report.Recipients is { Count: 1 } ? report.Recipients[0] : null;
            var isHard = report.Kind == ReportKind.Bounce && about is { IsHard: true };
            hard += isHard ? 1 : 0;
            var right = (report.Kind, about) switch
            {
                // A host's word about a signature is nobody's complaint.
                (ReportKind.Complaint, _) => state == (report.FeedbackType == "auth-failure" ? "sent" : "delivered"),
                (ReportKind.AutoReply or ReportKind.NotAReport or ReportKind.Unsubscribe, _) => state == "sent",
                // Several recipients: told apart by rules of their own.
                (_, null) => state is "bounced" or "sent" or "delivered" or "queued",
                (ReportKind.Bounce, { Outcome: Mail.Outcome.RecipientPermanent or Mail.Outcome.RecipientTemporary }) =>
                    (state, cause) == ("bounced", "recipient"),
                (ReportKind.Bounce, { Outcome: Mail.Outcome.MessagePermanent }) => (state, cause)
                    == ("bounced", "message"),
                (ReportKind.Bounce, { Outcome: Mail.Outcome.ContentRefused }) => (state, cause)
                    == ("bounced", "content"),
                (ReportKind.Bounce, { Outcome: not Mail.Outcome.Accepted }) => (state, cause)
                    == ("queued", "path_bounce"),
                (ReportKind.Delayed, _) => state == "sent",
                _ => state is "delivered",
            };
            if (!right || (about is not null && isSuppressed != isHard))
            {
                wrong.Add(
                    $"{Path.GetFileName(file)}: {report.Kind} {about?.Outcome} {about?.Class}: {state} {cause} {isSuppressed}"
                );
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{files.Length} files, {taken.Length} taken, {hard} hard; refused: {string.Join(' ', files.Except(taken.Select(t => t.Item)).Select(Path.GetFileName))}"
        );
        Assert.Empty(wrong);
        Assert.True(taken.Length > files.Length * 9 / 10, $"{taken.Length} of {files.Length} were taken");
        Assert.True(hard > 50, $"{hard} hard bounces");
    }

    private static string Script() =>
        Path.Combine(RepositoryRoot.Path, "tests", "Gateway.Tests", "BouncesByMail", "send_mail.py");
}
