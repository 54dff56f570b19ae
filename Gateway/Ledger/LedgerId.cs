using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Gateway.Ledger;

/// <summary>
/// Ids of the ledger: UUIDv7 (RFC 9562 §5.7), so that the time of birth, and with it the partition, is in the id. The
/// last 12 bits of a message id are zero; its deliveries carry their place there, so that a delivery id alone says
/// which message it belongs to.
/// </summary>
public static class LedgerId
{
    /// <summary>12 bits: recipients and their resends share them.</summary>
    public const int MaxPlace = 0xFFF;

    public static Guid NewMessage(DateTimeOffset now) => WithPlace(New(now), 0);

    public static Guid New(DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(now.ToUnixTimeMilliseconds() >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)now.ToUnixTimeMilliseconds());
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The delivery at <paramref name="place"/>, from 1, of a message.</summary>
    public static Guid Delivery(Guid messageId, int place) => WithPlace(messageId, place);

    public static Guid MessageOf(Guid deliveryId) => WithPlace(deliveryId, 0);

    public static int PlaceOf(Guid deliveryId)
    {
        Span<byte> bytes = stackalloc byte[16];
        deliveryId.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]) & MaxPlace;
    }

    public static DateTimeOffset TimeOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(
            ((long)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..])
        );
    }

    /// <summary>The least id of a UTC day: a bound of its partition.</summary>
    public static Guid DayStart(DateOnly day) =>
        FirstOf(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc)));

    /// <summary>The least id of a millisecond: a bound for ranges of time.</summary>
    public static Guid FirstOf(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(time.ToUnixTimeMilliseconds() >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[2..], (uint)time.ToUnixTimeMilliseconds());
        return new Guid(bytes, bigEndian: true);
    }

    private static Guid WithPlace(Guid id, int place)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(place, MaxPlace);
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[14] = (byte)((bytes[14] & 0xF0) | (place >> 8));
        bytes[15] = (byte)place;
        return new Guid(bytes, bigEndian: true);
    }
}
