using Gateway.Providers.Events;
using Gateway.Providers.Ses;
using ProviderEmulators.Events;

namespace Gateway.Tests.Inbound;

/// <summary>All formats, with an SNS that is signed here.</summary>
internal static class TestFormats
{
    public static SnsWriter Sns { get; } = new();

    public static EventFormats All { get; } =
        new(
            new SnsCertificates(
                (url, _) => Task.FromResult(url.AbsoluteUri == SnsWriter.CertificateUrl ? Sns.Certificate : null),
                TimeProvider.System
            )
        );

    public static EventRequest Request(EventPost post, byte[]? body = null) =>
        new(
            body ?? post.Body,
            post.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value, StringComparer.Ordinal)
        );
}
