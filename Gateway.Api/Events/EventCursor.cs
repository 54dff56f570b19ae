using System.Buffers.Binary;
using System.Buffers.Text;
using Gateway.Api.Reading;

namespace Gateway.Api.Events;

/// <summary>
/// A place in a tenant's events, ordered by (transaction, id) and not by time or id alone: an id is drawn before its
/// commit, and a reader that went by it would skip what commits late (D9). Opaque to callers.
/// </summary>
/// <param name="Epoch">Of the cell: a ledger restored elsewhere counts its transactions anew.</param>
/// <param name="Xid">Every event of a lesser transaction was read.</param>
/// <param name="IsAfterXid">All events of <paramref name="Xid"/> itself too; else those up to <paramref name="LastId"/>.</param>
/// <param name="LastBucket">With <paramref name="LastId"/> the last event passed, by which another epoch finds the place.</param>
/// <param name="LastId">Zero where there was none.</param>
internal readonly record struct EventCursor(int Epoch, ulong Xid, bool IsAfterXid, Guid LastBucket, Guid LastId)
{
    private const byte Kind = 2;
    private const int Length = 46;
    public const string Accepted =
        "'next' of the page before, unchanged; 'now'; or none, to begin with the oldest event";

    public static EventCursor Beginning(int epoch) => new(epoch, 0, IsAfterXid: false, Guid.Empty, Guid.Empty);

    /// <summary>The lower bound, itself excluded, within <see cref="Xid"/>.</summary>
    public Guid AfterId => IsAfterXid ? LedgerIds.Highest : LastId;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes[0] = Kind;
        BinaryPrimitives.WriteInt32BigEndian(bytes[1..], Epoch);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[5..], Xid);
        bytes[13] = IsAfterXid ? (byte)1 : (byte)0;
        LastBucket.TryWriteBytes(bytes[14..], bigEndian: true, out _);
        LastId.TryWriteBytes(bytes[30..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryParse(string text, out EventCursor cursor)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (
            !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var written)
            || written != Length
            || bytes[0] != Kind
        )
        {
            cursor = default;
            return false;
        }

        cursor = new EventCursor(
            BinaryPrimitives.ReadInt32BigEndian(bytes[1..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[5..]),
            bytes[13] == 1,
            new Guid(bytes[14..30], bigEndian: true),
            new Guid(bytes[30..], bigEndian: true)
        );
        return true;
    }
}
