using System.Collections.Concurrent;
using Gateway.Mail.Smtp;

namespace Gateway.Providers.Smtp;

/// <summary>Idle connections to one relay, the last used first, so that the others may grow old and go.</summary>
internal sealed class SmtpConnectionPool(SmtpClientOptions options, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>Shorter than the 5 minutes a server must wait (RFC 5321 §4.5.3.2.7) and than most do.</summary>
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(30);

    /// <summary>Relays often end a session after 100 messages; going first is the polite way.</summary>
    private const int MaxExchanges = 1_000;

    private readonly ConcurrentStack<SmtpConnection> idle = new();

    /// <summary>A connection and whether it was opened just now.</summary>
    /// <exception cref="SmtpFailure">None could be opened.</exception>
    public async Task<(SmtpConnection Connection, bool IsFresh)> TakeAsync(CancellationToken cancel)
    {
        while (idle.TryPop(out var kept))
        {
            if (kept.IsReusable && clock.GetUtcNow() - kept.LastUsed < IdleFor)
            {
                return (kept, false);
            }

            await kept.DisposeAsync();
        }

        return (await ConnectAsync(cancel), true);
    }

    /// <exception cref="SmtpFailure">It could not be opened.</exception>
    public Task<SmtpConnection> ConnectAsync(CancellationToken cancel) => SmtpConnection.ConnectAsync(options, cancel);

    public async ValueTask ReturnAsync(SmtpConnection connection)
    {
        if (connection.IsReusable && connection.ExchangeCount < MaxExchanges)
        {
            idle.Push(connection);
        }
        else
        {
            await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (idle.TryPop(out var connection))
        {
            await connection.QuitAsync();
        }
    }
}
