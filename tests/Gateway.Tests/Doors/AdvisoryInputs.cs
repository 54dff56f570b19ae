using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Mail.Tests;
using Gateway.Mail.Tests.Peers;
using Gateway.Providers.Smtp;
using Gateway.Tests.Cluster;
using Gateway.Tests.Running;

namespace Gateway.Tests.Doors;

/// <summary>
/// Inputs of published advisories through the JSON and the raw door. What must be refused is refused; whatever is
/// accepted leaves as one message to one recipient, with the header that was meant.
/// </summary>
[Collection(DoorCollection.Name)]
public sealed class AdvisoryInputs(DoorGateway gateway)
{
    /// <summary>Cases of sessions and streams, not of one message: tested where those live.</summary>
    private static readonly string[] Elsewhere = ["SMTP server", "SMTP client", "smtp relay config"];

    /// <summary>Of the API's processor, for the whole request: a quadratic reader takes minutes, whatever the machine.</summary>
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Each_case_ends_as_its_advisory_demands()
    {
        using var cases = JsonDocument.Parse(
            await File.ReadAllBytesAsync(Corpora.Path("advisory-inputs", "cases.json"))
        );
        var failures = new List<string>();
        foreach (var row in cases.RootElement.EnumerateArray())
        {
            var (id, field) = (row.GetProperty("id").GetString()!, row.GetProperty("field").GetString()!);
            if (
                Elsewhere.Any(e =>
                    field.StartsWith(e, StringComparison.Ordinal) && !field.Contains("body", StringComparison.Ordinal)
                )
            )
            {
                continue;
            }

            var must = row.GetProperty("must").GetString()!;
            var shapes = AdvisoryShapes.Of(field, Text(row.GetProperty("input")), gateway.Stranger.Domain).ToArray();
            if (shapes.Length == 0)
            {
                failures.Add($"{id}: nothing is known of '{field}'");
            }

            foreach (var shape in shapes)
            {
                if (await TryAsync(shape, must) is { } wrong)
                {
                    failures.Add($"{id} at {shape.Door}: {wrong}");
                }
            }
        }

        Assert.Empty(failures);
    }

    [Fact]
    public void A_line_break_in_a_relays_name_is_no_configuration()
    {
        var options = new SmtpRelayOptions
        {
            Host = "relay.example",
            HelloName = "me.example\r\nMAIL FROM:<a@b.example>",
        };
        Assert.ThrowsAny<ArgumentException>(() => new SmtpRelayProvider(options, TimeProvider.System));
    }

    private static string Text(JsonElement input) =>
        input.ValueKind == JsonValueKind.String
            ? input.GetString()!
            : string.Concat(
                Enumerable.Repeat(input.GetProperty("repeat").GetString(), input.GetProperty("times").GetInt32())
            );

    /// <summary>Null where all is as it must be.</summary>
    private async Task<string?> TryAsync(AdvisoryShape shape, string must)
    {
        var tenant = await gateway.Ledger.CreateTenantAsync();
        var before = await gateway.RowsAsync(tenant);
        var began = ProcessorTime();
        var answer = await gateway.SendAsync(shape.Door, tenant, shape.For(tenant));
        var took = ProcessorTime() - began;
        if (must.Contains(" ms", StringComparison.Ordinal) && took > Quick)
        {
            return $"took {took}";
        }

        if (answer.Status is >= 400 and < 500)
        {
            return before == await gateway.RowsAsync(tenant) ? null : $"left something behind: {answer}";
        }

        if (answer.Status != 202 || shape.MustBeRefused || MustBeRefused(must))
        {
            return $"must be refused: {answer}";
        }

        return await AcceptedAsync(tenant, shape, answer);
    }

    private TimeSpan ProcessorTime()
    {
        using var api = Process.GetProcessById(gateway.Gateway.Apis.Single().Pid);
        return api.TotalProcessorTime;
    }

    private static bool MustBeRefused(string must) =>
        must.StartsWith("refuse with", StringComparison.Ordinal)
        || must.StartsWith("refuse;", StringComparison.Ordinal)
        || must.StartsWith("refused", StringComparison.Ordinal)
        || must.EndsWith("refuse", StringComparison.Ordinal);

    private async Task<string?> AcceptedAsync(TestTenant tenant, AdvisoryShape shape, DoorAnswer answer)
    {
        var recipient = answer.Body.GetProperty("deliveries").EnumerateArray().Single().GetProperty("to").GetString()!;
        await Eventually.TrueAsync(
            () => Task.FromResult(gateway.Recorder.For(recipient).Any(m => IsFrom(m.Bytes, tenant))),
            $"{answer} arrives"
        );
        var mail = gateway.Recorder.For(recipient).Single(m => IsFrom(m.Bytes, tenant));
        var read = (await PythonMail.Parse([mail.Bytes])).Single();
        string[] fields = [.. read.GetProperty("fields").EnumerateArray().Select(f => f.GetString()!)];
        var from = read.GetProperty("from").EnumerateArray().Single();
        return mail.Recipients.Count != 1 ? "went to several recipients"
            : recipient.Contains(' ', StringComparison.Ordinal) && !recipient.Contains('"', StringComparison.Ordinal)
                ? $"went to '{recipient}'"
            : shape.Recipient is { } wanted && wanted != recipient ? $"went to '{recipient}' and not to '{wanted}'"
            : from[2].GetString() != tenant.Address && shape.Name is not null ? $"came from {from}"
            : shape.Name is { } name && from[0].GetString() != name ? $"has the name {from[0]}"
            : fields.Count(f => f.Equals("From", StringComparison.OrdinalIgnoreCase)) != 1 ? "has not one From"
            : fields.Any(f => f.Equals("Bcc", StringComparison.OrdinalIgnoreCase)) ? "has a Bcc"
            : null;
    }

    private static bool IsFrom(byte[] message, TestTenant tenant) =>
        Encoding.Latin1.GetString(message).Contains(tenant.Domain, StringComparison.Ordinal);
}
