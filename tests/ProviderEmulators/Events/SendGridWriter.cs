using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ProviderEmulators.Events;

/// <summary>The signed Event Webhook: an array, with a line end after it (sendgrid.md §5).</summary>
public sealed class SendGridWriter : IEventWriter, IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <param name="privateKey">PKCS 8 in base64; a new one unless given.</param>
    public SendGridWriter(string? privateKey = null)
    {
        if (!string.IsNullOrEmpty(privateKey))
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(privateKey), out _);
        }
    }

    /// <summary>As the panel shows it.</summary>
    public string PublicKey => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());

    public bool Batches => true;

    public EventPost Write(IReadOnlyList<EmulatedEvent> events, bool forged) =>
        Sign(
            Encoding.UTF8.GetBytes(JsonSerializer.Serialize(events.Select(Item)) + "\r\n"),
            DateTimeOffset.UtcNow,
            forged
        );

    /// <summary>Signs any body, at any time.</summary>
    public EventPost Sign(byte[] body, DateTimeOffset at, bool forged = false)
    {
        var timestamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = (forged ? other : key).SignData(
            [.. Encoding.ASCII.GetBytes(timestamp), .. body],
            HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence
        );
        return new EventPost(
            body,
            new Dictionary<string, string>
            {
                ["X-Twilio-Email-Event-Webhook-Signature"] = Convert.ToBase64String(signature),
                ["X-Twilio-Email-Event-Webhook-Timestamp"] = timestamp,
            }
        );
    }

    public void Dispose()
    {
        key.Dispose();
        other.Dispose();
    }

    private static Dictionary<string, object?> Item(EmulatedEvent told)
    {
        var item = new Dictionary<string, object?>
        {
            ["email"] = told.Recipient,
            ["timestamp"] = told.At.ToUnixTimeSeconds(),
            ["event"] = told.Event,
            ["sg_event_id"] = told.Id,
            ["sg_message_id"] = told.Mail.Id + ".recvd-emulator-1",
        };
        switch (told.Event)
        {
            case "delivered":
                item["response"] = told.Reason ?? "250 2.0.0 OK";
                break;
            case "bounce" or "blocked":
                // There is no event "blocked": it is a bounce of that type.
                item["event"] = "bounce";
                item["type"] = told.Event;
                item["reason"] = told.Reason ?? "550 5.1.1 user unknown";
                item["status"] = told.Reason?.Split(' ') is [_, var status, ..] ? status : "5.1.1";
                break;
            default:
                item["reason"] = told.Reason;
                break;
        }

        foreach (var (name, value) in told.Mail.Variables)
        {
            item[name] = value;
        }

        return item;
    }
}
