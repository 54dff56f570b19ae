using System.Buffers;

namespace Gateway.Mail.Smtp;

/// <summary>
/// Makes message bytes safe to send after DATA (RFC 5321 §4.5.2 and §2.3.8), however they are cut into chunks: every
/// lone CR or LF becomes CRLF, a leading dot is doubled, the end is <c>CRLF.CRLF</c>. Clean bytes are never copied here.
/// </summary>
public static class DotStuffing
{
    /// <summary>Encodes a whole message; for tests and small texts. The hot path uses <see cref="Encoder"/> itself.</summary>
    public static void Encode(ReadOnlySequence<byte> content, IBufferWriter<byte> output)
    {
        var encoder = new Encoder();
        foreach (var chunk in content)
        {
            encoder.Encode(chunk.Span, output);
        }

        output.Write(encoder.Finish());
    }

    private enum At : byte
    {
        LineStart,
        LineStartAfterCr,
        Middle,
    }

    /// <summary>What goes out after a clean run.</summary>
    public enum Insertion : byte
    {
        Nothing,
        Dot,
        LineEnd,
    }

    /// <summary>
    /// Send <paramref name="Clean"/> octets of the source as they are, then the insertion, and pass over
    /// <paramref name="Skip"/> octets of the source.
    /// </summary>
    public readonly record struct Step(int Clean, Insertion Insert, int Skip);

    /// <summary>The octets of an insertion.</summary>
    public static ReadOnlySpan<byte> Bytes(Insertion insertion) =>
        insertion switch
        {
            Insertion.Dot => "."u8,
            Insertion.LineEnd => "\r\n"u8,
            _ => default,
        };

    /// <summary>Where the encoder stands between two chunks.</summary>
    public struct Encoder
    {
        private At at;

        /// <summary>One step over <paramref name="source"/>; call again with what is left until it is empty.</summary>
        public Step Next(ReadOnlySpan<byte> source)
        {
            if (source.IsEmpty)
            {
                return default;
            }

            if (at == At.LineStartAfterCr && source[0] == '\n')
            {
                at = At.LineStart;
                return new Step(Clean: 0, Insertion.Nothing, Skip: 1);
            }

            if (at != At.Middle && source[0] == '.')
            {
                at = At.Middle;
                return new Step(Clean: 0, Insertion.Dot, Skip: 0);
            }

            return Run(source);
        }

        private Step Run(ReadOnlySpan<byte> source)
        {
            var clean = 0;
            while (true)
            {
                var end = source[clean..].IndexOfAny((byte)'\r', (byte)'\n');
                if (end < 0)
                {
                    at = clean == source.Length ? At.LineStart : At.Middle;
                    return new Step(source.Length, Insertion.Nothing, Skip: 0);
                }

                clean += end;
                var pair = clean + 1 < source.Length && source[clean] == '\r' && source[clean + 1] == '\n';
                if (!pair)
                {
                    // A lone LF, a lone CR, or a CR at the chunk's end whose LF, if it comes, is passed over next.
                    at = source[clean] == '\r' ? At.LineStartAfterCr : At.LineStart;
                    return new Step(clean, Insertion.LineEnd, Skip: 1);
                }

                clean += 2;
                at = At.LineStart;
                if (clean < source.Length && source[clean] == '.')
                {
                    return new Step(clean, Insertion.Nothing, Skip: 0); // the next step doubles it
                }
            }
        }

        /// <summary>Encodes one chunk.</summary>
        public void Encode(ReadOnlySpan<byte> source, IBufferWriter<byte> output)
        {
            while (!source.IsEmpty)
            {
                var step = Next(source);
                output.Write(source[..step.Clean]);
                output.Write(Bytes(step.Insert));
                source = source[(step.Clean + step.Skip)..];
            }
        }

        /// <summary>What ends the message from here.</summary>
        public readonly ReadOnlySpan<byte> Finish() => at == At.Middle ? "\r\n.\r\n"u8 : ".\r\n"u8;
    }
}
