using System.Net;
using System.Text;
using Gateway.Mail.Smtp;
using Gateway.Net;
using Microsoft.AspNetCore.Connections;

namespace Gateway.Webhooks.Mail;

/// <summary>The SMTP listener of the bounce domain, on Kestrel's sockets; the session is the mail core's.</summary>
internal sealed partial class InboundMailServer(
    InboundMailOptions options,
    InboundRecipients recipients,
    InboundMailStore store,
    IConnectionListenerFactory transport,
    IHostEnvironment environment,
    TimeProvider clock,
    ILogger<InboundMailServer> log
) : BackgroundService
{
    /// <summary>A line of content; reports quote what others wrote, at any length.</summary>
    private const int LongestLine = 64 * 1024;

    /// <summary>A report is about one delivery, a program that unsubscribes writes one mail each.</summary>
    private const int MostRecipients = 100;

    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommandWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan DrainWithin = TimeSpan.FromSeconds(10);
    private static readonly byte[] Refusal = Encoding.ASCII.GetBytes(
        "421 4.7.0 Too many connections; try again later\r\n"
    );

    private readonly ConnectionCaps caps = new(options.Connections, options.ConnectionsPerAddress);
    private readonly AddressRates rates = new(options.MailsPerMinute, clock);
    private readonly ContentBudget budget = new(options.ContentBytes);
    private readonly InboundCertificate certificate = new(options, log);
    private readonly HashSet<Task> sessions = [];
    private IConnectionListener? bound;

    /// <summary>Where it listens; 0 before its start.</summary>
    public int Port => (bound?.EndPoint as IPEndPoint)?.Port ?? 0;

    /// <summary>A certificate that cannot be read, or a port that is taken, stops the host's start and not the first mail.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.CertificateFile is not null)
        {
            certificate.Current();
        }

        var endpoint = new IPEndPoint(options.Address(environment.IsDevelopment()), options.Port!.Value);
        bound = await transport.BindAsync(endpoint, cancellationToken);
        Listening(log, recipients.Domain, Port);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var listener = bound!;
        try
        {
            while (await listener.AcceptAsync(stoppingToken) is { } connection)
            {
                var session = ServeAsync(connection, stoppingToken);
                lock (sessions)
                {
                    sessions.Add(session);
                }

                _ = session.ContinueWith(Forget, TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }

        await listener.UnbindAsync(CancellationToken.None);
        Task[] open;
        lock (sessions)
        {
            open = [.. sessions];
        }

        // Each says 421 and ends; a mail that is being kept is kept.
        await Task.WhenAll(open)
            .WaitAsync(DrainWithin, clock, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync(ConnectionContext connection, CancellationToken stop)
    {
        // Off the loop that accepts.
        await Task.Yield();
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        await using (connection)
        {
            if (caps.Enter(address) is not null)
            {
                GatewayTelemetry.InboundRefused.Add(1, new KeyValuePair<string, object?>("reason", "connections"));
                await RefuseAsync(connection);
                return;
            }

            try
            {
                var policy = new InboundMailPolicy(recipients, store, rates, options, log);
                var session = new SmtpServerSession(connection.Transport, Session(), policy, connection.RemoteEndPoint);
                await session.RunAsync(stop);
            }
            finally
            {
                caps.Leave(address);
            }
        }
    }

    private static async Task RefuseAsync(ConnectionContext connection)
    {
        try
        {
            await connection.Transport.Output.WriteAsync(Refusal);
            await connection.Transport.Output.CompleteAsync();
        }
        catch (IOException) { } // gone before it heard why
    }

    private SmtpServerOptions Session() =>
        new()
        {
            Name = options.Name,
            MaxMessage = options.MaxMessage,
            MaxRecipients = MostRecipients,
            MaxTextLine = LongestLine,
            Budget = budget,
            RequireAuth = false,
            CommandTimeout = CommandWithin,
            StartTls = options.CertificateFile is null ? null : SecureAsync,
        };

    private async ValueTask<System.IO.Pipelines.IDuplexPipe> SecureAsync(
        System.IO.Pipelines.IDuplexPipe plain,
        CancellationToken stop
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(HandshakeWithin);
        return await PipeTls.Server(certificate.Current())(plain, limit.Token);
    }

    private void Forget(Task session)
    {
        if (session.Exception is { InnerException: { } problem })
        {
            SessionFailed(log, LoggableError.Of(problem));
        }

        lock (sessions)
        {
            sessions.Remove(session);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "SMTP for {Domain} listens on port {Port}")]
    private static partial void Listening(ILogger log, string domain, int port);

    [LoggerMessage(2, LogLevel.Error, "A session of the bounce domain met an error of ours")]
    private static partial void SessionFailed(ILogger log, Exception problem);
}
