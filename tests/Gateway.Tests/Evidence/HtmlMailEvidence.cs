using System.Text;
using System.Text.Json;
using Gateway.Mail.Tests;
using Gateway.Mail.Tests.Peers;
using Gateway.Tests.Cluster;
using Gateway.Tests.Doors;
using Gateway.Tests.Peers;
using Gateway.Tests.Running;

namespace Gateway.Tests.Evidence;

/// <summary>Every HTML mail of the corpus as JSON, received by a server of another maker and read by CPython's email.</summary>
[Collection(DoorCollection.Name)]
public sealed class HtmlMailEvidence(DoorGateway gateway)
{
    private const string Domain = "html-evidence.example";
    private const int AtOnce = 8;
    private const string Name = "Ünal \"the baker\" <()> Østergård";

    [Fact]
    public async Task Each_html_mail_decodes_to_what_was_sent()
    {
        var files = Directory
            .GetFiles(Corpora.Path("html-emails"), "*.html")
            .Order(StringComparer.Ordinal)
            .Select(f => (Name: Path.GetFileName(f), Html: ReadText(f)))
            .ToArray();
        var recorder = gateway.Recorder;
        var tenant = await gateway.Ledger.CreateTenantAsync(Domain);
        var received = new byte[files.Length][];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForAsync(
            0,
            files.Length,
            options,
            async (at, _) => received[at] = await SendAsync(tenant, recorder, files[at].Name, files[at].Html, at)
        );

        var read = await PythonMail.Parse(received);
        var rows = files.Select((file, at) => Judge(tenant, file.Name, file.Html, read[at], at)).ToArray();
        EvidenceTable.Check(
            "html-emails.md",
            $"""
            # HTML mail through the JSON door

            Each file of the corpus `html-emails` as `html` of `POST /v1/messages`, with a text, a subject and names beyond ASCII,
            sent over the `smtp` provider to aiosmtpd. *same*: CPython's `email` (policy `default`) reads the received copy
            without a defect, and finds the same HTML, text, subject, names and addresses, line ends aside (CRLF in mail). A last
            line gets its line end.

            {rows.Count(r => r.Result == "same")} of {rows.Length} are the same.
            """,
            rows
        );
        Assert.All(rows, row => Assert.True(row.Result == "same", row.ToString()));
    }

    private async Task<byte[]> SendAsync(TestTenant tenant, MailRecorder recorder, string file, string html, int number)
    {
        var recipient = $"h{number}@{Domain}";
        var message = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                from = new { email = tenant.Address, name = Name },
                to = new[] { new { email = recipient, name = Name } },
                subject = Subject(file),
                text = Text(file),
                html,
            }
        );
        var answer = await gateway.SendAsync(Door.Json, tenant, message);
        Assert.True(answer.Status == 202, $"{file}: {answer}");
        await Eventually.TrueAsync(() => Task.FromResult(recorder.For(recipient).Count > 0), $"{file} arrives");
        return Assert.Single(recorder.For(recipient)).Bytes;
    }

    private static EvidenceRow Judge(TestTenant tenant, string file, string html, JsonElement read, int number)
    {
        (string What, bool Same)[] checks =
        [
            ("html", Lines(html) == Lines(read.GetProperty("html").GetString()!)),
            ("text", Lines(Text(file)) == Lines(read.GetProperty("text").GetString()!)),
            ("subject", read.GetProperty("subject").GetString() == Subject(file)),
            ("from", IsOnly(read.GetProperty("from"), tenant.Address)),
            ("to", IsOnly(read.GetProperty("to"), $"h{number}@{Domain}")),
            ("attachments", read.GetProperty("attachments").GetArrayLength() == 0),
            ("defects", read.GetProperty("defects").GetArrayLength() == 0),
        ];
        var other = string.Join(", ", checks.Where(c => !c.Same).Select(c => c.What));
        return new EvidenceRow(file, other.Length == 0 ? "same" : "differs", other);
    }

    private static bool IsOnly(JsonElement mailboxes, string address) =>
        mailboxes.GetArrayLength() == 1
        && mailboxes[0][0].GetString() == Name
        && mailboxes[0][2].GetString() == address;

    private static string Subject(string file) => $"Grüße 漢字 \U0001F4E7: {file}";

    private static string Text(string file) =>
        $"{file}\n.\n..\nFrom here on: naïve façade, \U0001F4E7\n\n{new string('x', 2_000)}\n";

    private static string Lines(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return lines.EndsWith('\n') ? lines : lines + "\n";
    }

    /// <summary>UTF-8, or Latin-1 where the bytes are not that.</summary>
    private static string ReadText(string file)
    {
        var bytes = File.ReadAllBytes(file);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }
}
