using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace ProviderEmulators.Events;

/// <summary>Posts as SNS does (ses.md §6), with a certificate of its own in place of Amazon's.</summary>
public sealed class SnsWriter : IDisposable
{
    public const string CertificateUrl =
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
    public const string Topic = "arn:aws:sns:us-east-1:123456789012:gw";

    private readonly RSA key = RSA.Create(2048);

    /// <summary>In PEM, as the URL would give it.</summary>
    public byte[] Certificate
    {
        get
        {
            var request = new CertificateRequest(
                "CN=sns.amazonaws.com",
                key,
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            );
            using var made = request.CreateSelfSigned(
                DateTimeOffset.UtcNow.AddDays(-1),
                DateTimeOffset.UtcNow.AddDays(30)
            );
            return Encoding.ASCII.GetBytes(made.ExportCertificatePem());
        }
    }

    /// <summary>One event of SES in a notification (ses.md §7).</summary>
    public EventPost Of(EmulatedEvent told, bool forged)
    {
        var (type, part) = told.Event switch
        {
            "delivered" => ("Delivery", "delivery"),
            "bounced" => ("Bounce", "bounce"),
            "deferred" => ("DeliveryDelay", "deliveryDelay"),
            "complained" => ("Complaint", "complaint"),
            "opened" => ("Open", "open"),
            "clicked" => ("Click", "click"),
            "unsubscribed" => ("Subscription", "subscription"),
            "processed" => ("Send", "send"),
            var own => (own, own.ToLowerInvariant()),
        };
        var reason = told.Reason ?? (type == "Bounce" ? "smtp; 550 5.1.1 user unknown" : "250 2.0.0 OK");
        object[] who = [new { emailAddress = told.Recipient, diagnosticCode = reason }];
        var message = new Dictionary<string, object>
        {
            ["eventType"] = type,
            ["mail"] = new
            {
                messageId = told.Mail.Id,
                timestamp = told.Mail.At,
                destination = new[] { told.Recipient },
                tags = told.Mail.Variables.ToDictionary(v => v.Key, v => new[] { v.Value }),
            },
            [part] = type switch
            {
                "Delivery" => new { timestamp = told.At, smtpResponse = reason },
                "Bounce" => new
                {
                    bounceType = "Permanent",
                    bounceSubType = "General",
                    bouncedRecipients = who,
                    feedbackId = told.Id,
                    timestamp = told.At,
                },
                "DeliveryDelay" => new { delayedRecipients = who, timestamp = told.At },
                "Complaint" => new
                {
                    complainedRecipients = who,
                    complaintFeedbackType = "abuse",
                    feedbackId = told.Id,
                    timestamp = told.At,
                },
                "Subscription" => new { newTopicPreferences = new { unsubscribeAll = true }, timestamp = told.At },
                "Click" => new { link = "https://example.com/", timestamp = told.At },
                _ => new { timestamp = told.At },
            },
        };
        // Anybody can have a topic that Amazon signs for.
        return Notify(
            JsonSerializer.Serialize(message),
            DateTimeOffset.UtcNow,
            forged ? fields => fields["TopicArn"] = Topic + "-of-somebody-else" : null
        );
    }

    /// <param name="change">Changes fields before they are signed.</param>
    /// <param name="version">1 signs with SHA-1, 2 with SHA-256.</param>
    public EventPost Notify(
        string message,
        DateTimeOffset at,
        Action<Dictionary<string, string>>? change = null,
        int version = 2
    )
    {
        var fields = new Dictionary<string, string>
        {
            ["Type"] = "Notification",
            ["MessageId"] = Guid.NewGuid().ToString(),
            ["TopicArn"] = Topic,
            ["Message"] = message,
            ["Timestamp"] = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["SignatureVersion"] = version.ToString(CultureInfo.InvariantCulture),
            ["SigningCertURL"] = CertificateUrl,
        };
        change?.Invoke(fields);
        string[] signed =
            fields["Type"] == "Notification"
                ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
                : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        var text = string.Concat(signed.Where(fields.ContainsKey).Select(name => $"{name}\n{fields[name]}\n"));
        fields["Signature"] = Convert.ToBase64String(
            key.SignData(
                Encoding.UTF8.GetBytes(text),
                version == 1 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            )
        );
        return new EventPost(
            JsonSerializer.SerializeToUtf8Bytes(fields),
            new Dictionary<string, string> { ["x-amz-sns-message-type"] = fields["Type"] },
            "text/plain; charset=UTF-8"
        );
    }

    public void Dispose() => key.Dispose();
}
