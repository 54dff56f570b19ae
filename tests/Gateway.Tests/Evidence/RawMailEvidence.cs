using System.Text;
using Gateway.Mail.Addresses;
using Gateway.Tests.Cluster;
using Gateway.Tests.Doors;
using Gateway.Tests.Peers;
using Gateway.Tests.Running;

namespace Gateway.Tests.Evidence;

/// <summary>Every message of the MIME corpus through the raw door and on to a server of another maker.</summary>
[Collection(DoorCollection.Name)]
public sealed class RawMailEvidence(DoorGateway gateway)
{
    private const string Domain = "raw-evidence.example";
    private const int AtOnce = 8;

    /// <summary>Of the .eml files at hand; 100 of 135 is the aim.</summary>
    private const double LeastShare = 0.74;

    /// <summary>Taken out of every raw message: written by transports or by the gateway, or nobody's business.</summary>
    private static readonly string[] TakenOut =
    [
        "Bcc",
        "Resent-Bcc",
        "Return-Path",
        "Received",
        "Delivered-To",
        "DKIM-Signature",
        "Authentication-Results",
        "ARC-Seal",
        "ARC-Message-Signature",
        "ARC-Authentication-Results",
    ];

    [Fact]
    public async Task Each_message_arrives_byte_for_byte_or_is_refused_for_its_own_defect()
    {
        var files = CorpusMessages.All();
        var recorder = gateway.Recorder;
        var tenant = await gateway.Ledger.CreateTenantAsync(Domain);
        var rows = new EvidenceRow[files.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForAsync(
            0,
            files.Count,
            options,
            async (at, _) => rows[at] = await SendAsync(tenant, recorder, files[at].Name, files[at].Bytes, at)
        );

        var emls = rows.Where(r => r.File.EndsWith(".eml", StringComparison.Ordinal)).ToArray();
        var arrived = emls.Count(r => r.Result == "arrived");
        var all = rows.Count(r => r.Result == "arrived");
        EvidenceTable.Check(
            "mime-raw.md",
            $"""
            # Composed messages through the raw door

            Each message of the corpus `mime` (an mbox file counts as its messages), sent to `POST /v1/messages/raw?rcpt=…` and
            over the `smtp` provider to aiosmtpd. From, and Sender where there is one, were replaced by an address of the tenant's
            domain if they were valid; nothing else was changed.

            *arrived*: the body is byte for byte the body after the door made LF to CRLF (a last line without its line end gets
            one in SMTP). So is the header, but for what is always taken out ({string.Join(
                ", ",
                TakenOut
            )}, and whatever
            stands before the first field, such as a mailbox file's `From ` line) and for a Date and Message-ID that were missing.

            *refused*: by the defect that the reason names; the test looks it up in the file itself.

            {all} of {rows.Length} arrived ({arrived} of {emls.Length} `.eml`), {rows.Length - all} were refused.
            """,
            rows
        );
        Assert.True(arrived >= LeastShare * emls.Length, $"only {arrived} of {emls.Length} .eml arrived");
    }

    private async Task<EvidenceRow> SendAsync(
        TestTenant tenant,
        MailRecorder recorder,
        string name,
        byte[] bytes,
        int number
    )
    {
        var recipient = $"m{number}@{Domain}";
        var sent = WithOwnSender(bytes, tenant.Address);
        var answer = await gateway.SendAsync(Door.Raw, tenant, sent, $"?rcpt={recipient}");
        if (answer.Status != 202)
        {
            Assert.True(answer.Status is >= 400 and < 500, $"{name}: {answer}");
            Assert.True(RawDefect.IsReal(answer, sent), $"{name} is refused without that defect: {answer}");
            return new EvidenceRow(name, "refused", $"{answer.Code} at {answer.Field}: {answer.Value}");
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(recorder.For(recipient).Count > 0),
            $"{name} arrives",
            TimeSpan.FromSeconds(60)
        );
        var mail = Assert.Single(recorder.For(recipient));
        Assert.Equal(recipient, Assert.Single(mail.Recipients));
        SameMessage(name, RawHeader.Read(WithCrLf(sent)), RawHeader.Read(mail.Bytes));
        return new EvidenceRow(name, "arrived", "");
    }

    private static void SameMessage(string name, RawHeader expected, RawHeader received)
    {
        var missing = ((string[])["Date", "Message-ID"]).Where(f => expected.Count(f) == 0).ToArray();
        Assert.All(missing, f => Assert.True(received.Count(f) == 1, $"{name} was given no {f}"));
        Assert.Equal("", received.Before);
        var (wanted, got) = (expected.FieldsWithout(TakenOut), received.FieldsWithout(missing));
        Assert.True(wanted.SequenceEqual(got, StringComparer.Ordinal), $"{name} arrived with another header");
        // RFC 5321 §4.1.1.4: the end of data begins with a line end, so a last line always has one.
        var body = expected.Body.Length == 0 || expected.Body.EndsWith('\n') ? expected.Body : expected.Body + "\r\n";
        Assert.True(body == received.Body, $"{name} arrived with another body");
    }

    private static byte[] WithOwnSender(byte[] message, string address)
    {
        var header = RawHeader.Read(message);
        foreach (var name in (string[])["From", "Sender"])
        {
            if (header.Count(name) == 1 && IsOneMailbox(header.Value(name)))
            {
                header.Replace(name, address);
            }
        }

        return header.ToBytes();
    }

    /// <summary>A host name alone is a domain too (RFC 5322 §3.4.1), though none that a gateway can write from.</summary>
    private static bool IsOneMailbox(string value) =>
        AddressList.TryParse(value, out var entries, out _)
        && entries is [var only]
        && (only.Address is not null || only.Error.Code == "domain_not_qualified");

    private static byte[] WithCrLf(byte[] message)
    {
        var text = Encoding.Latin1.GetString(message);
        return text.Contains('\r')
            ? message
            : Encoding.Latin1.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal));
    }
}
