using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Api.Auth.Shield;

/// <summary>The caps before every address that HTTP listens on.</summary>
internal static class HttpGuard
{
    private const string Body = """
        {"type":"urn:email-gateway:problem:unavailable","title":"Come again in a moment","status":503,"code":"unavailable","detail":"Too many connections are open.","retry_after":2}
        """;

    private static readonly byte[] Refusal = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"
    );

    public static void Apply(KestrelServerOptions kestrel)
    {
        var guard = kestrel.ApplicationServices.GetRequiredService<ConnectionGuard>();
        kestrel.ConfigureEndpointDefaults(listen =>
            listen.Use(next =>
                connection => guard.RunAsync(connection, ShieldDoor.Http, Refusal, () => next(connection))
            )
        );
    }
}
