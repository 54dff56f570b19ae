using Gateway.Api.Acceptance;
using Gateway.Api.Auth.Shield;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Api;

/// <summary>What one connection may take of the host (RELIABILITY of the front door: every limit is set, none assumed).</summary>
internal static class HttpLimits
{
    /// <summary>After <see cref="BodyGrace"/>; a phone on a bad line sends ten times as much.</summary>
    public const int BodyBytesPerSecond = 240;

    private static readonly TimeSpan BodyGrace = TimeSpan.FromSeconds(5);

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MessageLimits.RequestBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 100;
        // The raw door takes its recipients in the query: a thousand of usual length.
        kestrel.Limits.MaxRequestLineSize = 64 * 1024;
        // A client that sends its header a byte at a time is gone after this.
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(BodyBytesPerSecond, BodyGrace);
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
        HttpGuard.Apply(kestrel);
    }
}
