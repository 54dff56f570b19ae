using System.Collections;

namespace Gateway.Mail.Messages;

/// <summary>The fields of one header section in their order, as slices of the message.</summary>
public sealed class HeaderFields : IReadOnlyList<HeaderSlice>
{
    private readonly ReadOnlyMemory<byte> message;
    private readonly FieldSpan[] fields;

    internal HeaderFields(ReadOnlyMemory<byte> message, FieldSpan[] fields)
    {
        this.message = message;
        this.fields = fields;
    }

    int IReadOnlyCollection<HeaderSlice>.Count => fields.Length;

    /// <summary>How many fields there are.</summary>
    public int Length => fields.Length;

    public HeaderSlice this[int index] => new(message, fields[index]);

    /// <summary>The first field of that name, or null.</summary>
    public HeaderSlice? First(string name)
    {
        foreach (var field in fields)
        {
            var slice = new HeaderSlice(message, field);
            if (slice.NameIs(name))
            {
                return slice;
            }
        }

        return null;
    }

    /// <summary>Every field of that name, from the top. Two From fields are two (RFC 5322 §3.6 allows one).</summary>
    public IEnumerable<HeaderSlice> All(string name)
    {
        foreach (var field in fields)
        {
            var slice = new HeaderSlice(message, field);
            if (slice.NameIs(name))
            {
                yield return slice;
            }
        }
    }

    public int Count(string name)
    {
        var count = 0;
        foreach (var field in fields)
        {
            count += new HeaderSlice(message, field).NameIs(name) ? 1 : 0;
        }

        return count;
    }

    public IEnumerator<HeaderSlice> GetEnumerator()
    {
        foreach (var field in fields)
        {
            yield return new HeaderSlice(message, field);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
