using System.Net;
using Gateway.Api.Auth.Proxies;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Gateway.Api.SmtpSubmission;

/// <summary>
/// A Kestrel of its own for SMTP, beside the one for HTTP: endpoints set in code would take the place of those that the
/// host's configuration names for HTTP, and this one drains by itself.
/// </summary>
internal sealed partial class SubmissionServer(
    SubmissionOptions options,
    IServiceProvider services,
    IConnectionListenerFactory transport,
    IHostEnvironment environment,
    ILoggerFactory logs
) : IHostedService, IDisposable
{
    private readonly ILogger log = logs.CreateLogger<SubmissionServer>();
    private readonly CancellationTokenSource stopping = new();
    private KestrelServer? server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Problems(environment.IsDevelopment()).ToArray() is { Length: > 0 } problems)
        {
            throw new InvalidOperationException(string.Join('\n', problems));
        }

        if (!options.IsOn)
        {
            return;
        }

        // A certificate that cannot be read stops the start, not the first customer.
        services.GetRequiredService<SubmissionCertificate>().Current();
        var kestrel = new KestrelServerOptions { ApplicationServices = services };
        Listen(kestrel, options.Port, isImplicit: false);
        Listen(kestrel, options.ImplicitTlsPort, isImplicit: true);
        server = new KestrelServer(Options.Create(kestrel), transport, logs);
        await server.StartAsync(new NoHttp(), cancellationToken);
        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a)).ToArray();
        var (plain, secured) = (options.Port is null ? null : addresses[0], addresses[^1]);
        if (plain is not null)
        {
            Listening(log, "STARTTLS", plain.Host, plain.Port);
        }

        if (options.ImplicitTlsPort is not null)
        {
            Listening(log, "TLS", secured.Host, secured.Port);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        if (server is not null)
        {
            await server.StopAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        server?.Dispose();
        stopping.Dispose();
    }

    private void Listen(KestrelServerOptions kestrel, int? port, bool isImplicit)
    {
        if (port is not { } number)
        {
            return;
        }

        var address = options.Address(environment.IsDevelopment());
        kestrel.Listen(
            new IPEndPoint(address, number),
            listen =>
            {
                var proxied = services.GetRequiredService<ProxiedConnections>();
                listen.Use(next => connection => proxied.RunAsync(connection, next));
                listen.Use(next =>
                    connection =>
                    {
                        connection.Features.Set(new SubmissionListener(isImplicit, stopping.Token));
                        return next(connection);
                    }
                );
                listen.UseConnectionHandler<SubmissionHandler>();
            }
        );
    }

    [LoggerMessage(1, LogLevel.Information, "SMTP with {Security} listens on {Host}:{Port}")]
    private static partial void Listening(ILogger log, string security, string host, int port);

    /// <summary>Kestrel wants one; no connection of ours ever reaches it.</summary>
    private sealed class NoHttp : IHttpApplication<object>
    {
        public object CreateContext(IFeatureCollection contextFeatures) => this;

        public Task ProcessRequestAsync(object context) => throw new NotSupportedException();

        public void DisposeContext(object context, Exception? exception) { }
    }
}

/// <summary>Which listener a connection came in by, and when it must end.</summary>
internal sealed record SubmissionListener(bool IsImplicitTls, CancellationToken Stopping);
