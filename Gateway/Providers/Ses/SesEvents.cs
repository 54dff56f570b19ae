using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gateway.Providers.Events;

namespace Gateway.Providers.Ses;

/// <summary>SES events through SNS (ses.md §6): believed by Amazon's signature and by a list of our own topics.</summary>
internal sealed class SesEvents(SnsCertificates certificates) : IEventFormat
{
    /// <summary>It repeats itself for at most an hour (D21).</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>SNS takes a 4xx for final: right for what Amazon did not sign.</summary>
    public int RefusedStatus => 403;

    public IReadOnlyList<string> Headers { get; } =
    ["x-amz-sns-message-type", "x-amz-sns-message-id", "x-amz-sns-topic-arn"];

    public IEnumerable<string> Problems(EventOptions options)
    {
        foreach (var topic in options.Topics)
        {
            if (topic.Split(':') is not ["arn", _, "sns", { Length: > 2 }, { Length: 12 }, { Length: > 0 }])
            {
                yield return $"EventsTopics names '{topic}'; it must be arn:aws:sns:REGION:ACCOUNT:NAME";
            }
        }

        if (options.EventsSignatureVersion is not (1 or 2))
        {
            yield return $"EventsSignatureVersion is {options.EventsSignatureVersion}; it must be 1 or 2";
        }
    }

    public async ValueTask<EventVerdict> VerifyAsync(
        EventRequest request,
        EventOptions options,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        if (options.Topics.Count == 0)
        {
            return EventVerdict.CannotTell("the path has no EventsTopics");
        }

        if (SnsMessage.Parse(request.Body) is not { } message)
        {
            return EventVerdict.Forged("it is no message of SNS");
        }

        // Anybody's AWS account has Amazon's signature: what speaks for us is the topic.
        if (!options.Topics.Contains(message.TopicArn, StringComparer.Ordinal))
        {
            return EventVerdict.Forged("its topic is not among the path's EventsTopics");
        }

        HashAlgorithmName? algorithm = message.SignatureVersion switch
        {
            "1" when options.EventsSignatureVersion == 1 => HashAlgorithmName.SHA1,
            "2" => HashAlgorithmName.SHA256,
            _ => null,
        };
        if (
            algorithm is not { } hash
            || EventFields.Base64(message.Signature) is not { } signature
            || !SnsHost.TryParse(message.SigningCertUrl, message.Region, out var url)
            || !url!.AbsolutePath.EndsWith(".pem", StringComparison.Ordinal)
            || url.Query.Length > 0
        )
        {
            return EventVerdict.Forged("its signature's version, form or certificate is not Amazon's");
        }

        if (await certificates.FindAsync(url, cancel) is not { } certificate)
        {
            return EventVerdict.CannotTell("Amazon's certificate cannot be fetched");
        }

        return !IsBy(certificate, message, signature, hash, now) ? EventVerdict.Forged("its signature is not Amazon's")
            : EventFields.IsoTime(message.Timestamp) is { } at ? EventVerdict.ByAge(at, Window, now)
            : EventVerdict.Forged("its timestamp is no time");
    }

    public EventReading Read(EventRequest request)
    {
        if (SnsMessage.Parse(request.Body) is not { } message)
        {
            return EventReading.Unreadable("it is no message of SNS");
        }

        var at = EventFields.IsoTime(message.Timestamp) ?? DateTimeOffset.UnixEpoch;
        return message.Type switch
        {
            SnsMessage.SubscriptionConfirmation => SnsHost.TryParse(message.SubscribeUrl, message.Region, out var url)
                ? EventReading.Of(
                    new ProviderEvent
                    {
                        News = ProviderNews.Confirmation,
                        Name = $"confirm/{message.MessageId}",
                        At = at,
                        Reply = url!.AbsoluteUri,
                    }
                )
                : EventReading.Unreadable("its SubscribeURL is not Amazon's"),
            SnsMessage.UnsubscribeConfirmation => EventReading.Of(
                new ProviderEvent
                {
                    News = ProviderNews.Account,
                    Name = $"unsubscribed/{message.MessageId}",
                    At = at,
                    Reply = $"{message.TopicArn} no longer tells its events here",
                }
            ),
            SnsMessage.Notification => SesEvent.Read(message, at),
            _ => EventReading.Nothing,
        };
    }

    private static bool IsBy(
        X509Certificate2 certificate,
        SnsMessage message,
        ReadOnlySpan<byte> signature,
        HashAlgorithmName hash,
        DateTimeOffset now
    )
    {
        using var key = certificate.GetRSAPublicKey();
        return key is not null
            && certificate.NotBefore.ToUniversalTime() <= now.UtcDateTime
            && certificate.NotAfter.ToUniversalTime() >= now.UtcDateTime
            && key.VerifyData(message.Signed(), signature, hash, RSASignaturePadding.Pkcs1);
    }
}
