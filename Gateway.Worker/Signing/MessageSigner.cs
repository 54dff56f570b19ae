using System.Buffers;
using Gateway.Mail.Dkim;

namespace Gateway.Worker.Signing;

/// <summary>
/// Signs what is handed over for the tenant's own domain, and looks at the result with a receiver's eyes before it
/// leaves: always the first time a key is used, then a sample (I8).
/// </summary>
public sealed class MessageSigner(SigningKeys keys, TimeProvider clock, ILogger<MessageSigner> log)
{
    /// <summary>One in so many signatures is verified before release. A verification costs about as much as a signature.</summary>
    private const int SampleOneIn = 100;

    private readonly System.Collections.Concurrent.ConcurrentDictionary<DkimKey, int> uses = new();

    /// <summary>
    /// The message with its signatures in front, without a copy of it; the message as it is where the domain has no
    /// key that may sign.
    /// </summary>
    /// <exception cref="InvalidDataException">Our own signature does not verify: nothing may leave with it.</exception>
    public async ValueTask<ReadOnlySequence<byte>> SignAsync(
        Guid tenant,
        string domain,
        ReadOnlyMemory<byte> message,
        CancellationToken cancel
    )
    {
        var signing = await keys.FindAsync(tenant, domain, cancel);
        if (signing.Count == 0)
        {
            return new ReadOnlySequence<byte>(message);
        }

        var now = clock.GetUtcNow();
        var fields = DkimSigner.Sign(
            message,
            [
                .. signing.Select(k => new DkimSigningOptions
                {
                    Domain = k.Domain,
                    Selector = k.Selector,
                    Key = k.Key,
                    Now = now,
                }),
            ]
        );
        if (signing.Any(IsDueForCheck))
        {
            Check(tenant, signing, fields, message, now);
        }

        return Joined.Of(fields, message);
    }

    private bool IsDueForCheck(SigningKey key) => uses.AddOrUpdate(key.Key, 0, (_, n) => n + 1) % SampleOneIn == 0;

    private void Check(
        Guid tenant,
        IReadOnlyList<SigningKey> signing,
        byte[] fields,
        ReadOnlyMemory<byte> message,
        DateTimeOffset now
    )
    {
        var verdicts = DkimSelfCheck.Check(
            fields,
            new ReadOnlySequence<byte>(message),
            [.. signing.Select(k => k.Published)],
            now
        );
        if (verdicts.FirstOrDefault(v => v.Status != DkimStatus.Pass || !v.CoversFromAndBody) is { } failed)
        {
            SigningLog.SelfCheckFailed(log, signing[0].Domain, tenant, failed.Reason);
            throw new InvalidDataException($"our DKIM signature does not verify: {failed.Reason}");
        }
    }

    /// <summary>Two pieces as one sequence.</summary>
    private sealed class Joined : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Of(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
        {
            var tail = new Joined { Memory = second, RunningIndex = first.Length };
            var head = new Joined { Memory = first, Next = tail };
            return new ReadOnlySequence<byte>(head, 0, tail, second.Length);
        }
    }
}
