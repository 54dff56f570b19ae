using System.Diagnostics;

namespace Gateway.Mail.Smtp.Server;

/// <summary>How the reading of content ended: null reply is a good message; <paramref name="Breaks"/> ends the session.</summary>
internal readonly record struct ContentEnd(SmtpReply? Reply, bool Breaks);

/// <summary>Reads content to its end, or to the first thing that no honest client sends.</summary>
internal sealed class ContentReader(SmtpServerIo io, SmtpServerOptions options)
{
    public async ValueTask<ContentEnd> Read(ContentBuffer content)
    {
        var decoder = new DataDecoder(options.MaxTextLine);
        // Far beyond the limit nobody waits for our answer; some way beyond, a whole reading lets it be heard.
        var patience = options.MaxMessage * 2 + 1024 * 1024;
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var left = options.MaxContentTime - Stopwatch.GetElapsedTime(begun);
            var wait = left < options.ContentTimeout ? left : options.ContentTimeout;
            var read = await io.ReadContent(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            io.Rest();
            var result = DataDecoder.Result.More;
            var at = read.Buffer.Start;
            foreach (var chunk in read.Buffer)
            {
                result = decoder.Decode(chunk.Span, content, out var consumed);
                at = read.Buffer.GetPosition(consumed, at);
                if (result != DataDecoder.Result.More)
                {
                    break;
                }
            }

            io.Transport.Input.AdvanceTo(at);
            switch (result)
            {
                case DataDecoder.Result.End:
                    return new ContentEnd(Objection(content, decoder), Breaks: false);
                case DataDecoder.Result.BareLineEnd:
                    return Break(554, "5.6.0 CR and LF stand only as a pair");
                case DataDecoder.Result.Nul:
                    return Break(554, "5.6.0 NUL is no character of a message");
            }

            if (content.Length > patience)
            {
                return Break(552, "5.3.4 Message is larger than SIZE");
            }

            if (read.IsCompleted)
            {
                return new ContentEnd(Reply: null, Breaks: true); // gone before the dot: there is no message
            }
        }
    }

    private SmtpReply? Objection(ContentBuffer content, DataDecoder decoder) =>
        content.IsOver ? SmtpReply.Of(552, "5.3.4 Message is larger than SIZE")
        : content.IsUnaffordable ? SmtpReply.Of(452, "4.3.1 Too much mail at once; try again")
        : decoder.HasLongLine ? SmtpReply.Of(554, "5.6.0 A line is longer than 998 octets")
        : null;

    private static ContentEnd Break(int code, string text) => new(SmtpReply.Of(code, text), Breaks: true);
}
