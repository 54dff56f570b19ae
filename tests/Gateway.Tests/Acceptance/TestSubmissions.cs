using System.Security.Cryptography;
using System.Text;
using Gateway.Api.Acceptance;
using Gateway.Ledger;
using Gateway.Tests.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Acceptance;

/// <summary>Submissions as the doors make them, without a door.</summary>
internal static class TestSubmissions
{
    public static MessageAcceptor Acceptor(TestLedger ledger) =>
        new(ledger.Accept, new WakeUp(ledger.Accept, NullLogger<WakeUp>.Instance), TimeProvider.System);

    public static Submission Make(TestTenant tenant, params string[] recipients)
    {
        var id = LedgerId.NewMessage(DateTimeOffset.UtcNow);
        var to = recipients.Length == 0 ? ["ann@example.net"] : recipients;
        return new Submission
        {
            TenantId = tenant.Id,
            MessageId = id,
            SubmissionId = id,
            KeyId = tenant.Key.Id,
            Mode = "live",
            Door = "json",
            Stream = "transactional",
            FromAddress = tenant.Address,
            FromDomain = tenant.Domain,
            Subject = "hello",
            Content = Encoding.UTF8.GetBytes(
                $$"""{"from":"{{tenant.Address}}","to":["{{to[0]}}"],"subject":"hello","text":"hello"}"""
            ),
            AcceptedAt = LedgerId.TimeOf(id),
            Recipients = [.. to.Select(r => new Recipient(r, r.ToLowerInvariant()))],
        };
    }

    public static Submission WithKey(this Submission message, string key, string? body = null) =>
        message with
        {
            Idempotency = new IdempotencyClaim(key, SHA256.HashData(Encoding.UTF8.GetBytes(body ?? "one body"))),
        };
}
