using System.Security.Cryptography;

namespace Gateway.Api.Acceptance;

/// <summary>Identical bodies of one tenant, one submission and one UTC day are kept once; the first of them owns the bytes.</summary>
internal sealed class SharedBodies
{
    private readonly Dictionary<Guid, Guid> owners = [];

    public SharedBodies(IReadOnlyList<Submission> messages)
    {
        Dictionary<(Guid Submission, DateTime Day, UInt128 Hash), Guid>? first = null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var message in messages)
        {
            // Only the items of one batch are compared: hashing every lone message would cost more than it saves. A
            // keyed item may lose to an earlier request, so it never owns another's bytes.
            if (message.SubmissionId == message.MessageId || message.Idempotency is not null)
            {
                continue;
            }

            SHA256.HashData(message.Content, hash);
            var key = (
                message.SubmissionId,
                Ledger.LedgerId.TimeOf(message.MessageId).UtcDateTime.Date,
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash)
            );
            first ??= [];
            if (!first.TryAdd(key, message.MessageId))
            {
                owners[message.MessageId] = first[key];
            }
        }
    }

    public Guid OwnerOf(Submission message) => owners.GetValueOrDefault(message.MessageId, message.MessageId);

    public byte[]? ContentOf(Submission message) => owners.ContainsKey(message.MessageId) ? null : message.Content;
}
