using System.Net;
using System.Net.Sockets;

namespace Gateway.Mail.Dns;

/// <summary>One question to the servers in turn, twice round, until one of them can say.</summary>
internal sealed class DnsServers(DnsResolverOptions options, TimeProvider clock)
{
    private const int Rounds = 2;

    /// <summary>The message of a server that knows, or the failure of them all.</summary>
    public async Task<(DnsMessage? Message, DnsAnswer? Failure)> AskAsync(
        DnsQuestion question,
        CancellationToken cancel
    )
    {
        DnsAnswer failure = new DnsAnswer.TimedOut();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var server in options.Servers)
            {
                if (cancel.IsCancellationRequested)
                    return (null, failure);

                var (message, reason) = await TryAsync(server, question, withEdns: true, cancel);
                // RFC 6891 §7: a server from before EDNS says that it cannot read the question.
                if (message?.Code is DnsResponseCode.FormatError or DnsResponseCode.NotImplemented)
                    (message, reason) = await TryAsync(server, question, withEdns: false, cancel);

                if (message?.Code is DnsResponseCode.NoError or DnsResponseCode.NoSuchName)
                    return (message, null);

                reason ??= message is null ? null : Named(message.Code);
                failure = reason is null ? failure : new DnsAnswer.ServerFailure($"{server}: {reason}");
            }
        }

        return (null, failure);
    }

    /// <summary>The message, or the reason where one was heard; neither where the time was over.</summary>
    private async Task<(DnsMessage? Message, string? Reason)> TryAsync(
        IPEndPoint server,
        DnsQuestion question,
        bool withEdns,
        CancellationToken cancel
    )
    {
        var query = DnsQuery.Create(question, withEdns);
        using var time = new CancellationTokenSource(options.Timeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancel);
        try
        {
            var packet =
                await DnsTransport.AskByUdpAsync(server, query, both.Token)
                ?? await DnsTransport.AskByTcpAsync(server, query, both.Token);
            if (packet is null)
                return (null, "the answer is to another question");
            if (!DnsMessage.TryDecode(packet, out var message, out var refusal))
                return (null, $"the answer cannot be read: {refusal.Rule}, at octet {refusal.Offset}");
            return message.IsTruncated ? (null, "the answer is cut off, by TCP too") : (message, null);
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            return (null, null);
        }
        catch (Exception problem) when (problem is SocketException or IOException)
        {
            return (null, problem.Message);
        }
    }

    private static string Named(DnsResponseCode code) =>
        code switch
        {
            DnsResponseCode.ServerFailure => "SERVFAIL",
            DnsResponseCode.Refused => "REFUSED",
            DnsResponseCode.FormatError => "FORMERR",
            DnsResponseCode.NotImplemented => "NOTIMP",
            _ => $"response code {(int)code}",
        };
}
