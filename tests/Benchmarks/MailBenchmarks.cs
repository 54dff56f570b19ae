using System.Buffers;
using Gateway.Mail.Messages;
using Gateway.Mail.Smtp;

namespace Gateway.Benchmarks;

/// <summary>What each message costs beside the network: compose, parse, relay.</summary>
internal static class MailBenchmarks
{
    public static Task RunAsync()
    {
        var comparison = new Comparison();
        foreach (var mail in SampleMail.All)
        {
            var output = new ArrayBufferWriter<byte>(2 * mail.Bytes.Length);
            comparison.Add($"compose {mail.Size}", () => Compose(mail.Message, output));
            comparison.Add($"parse {mail.Size}: fields and parts", () => MimeMessage.Parse(mail.Bytes));
            comparison.Add($"parse {mail.Size}: and all text decoded", () => ReadAll(mail.Bytes));
            comparison.Add($"relay {mail.Size}: edit slices only", () => Edit(mail.Bytes));
            comparison.Add($"relay {mail.Size}: and dot-stuffed to a buffer", () => Relay(mail.Bytes, output));
            comparison.Add($"(copy of {mail.Size} to a buffer)", () => Copy(mail.Bytes, output));
        }

        foreach (var mail in SampleMail.All)
        {
            Console.WriteLine($"{mail.Size}: {mail.Bytes.Length:N0} bytes on the wire");
        }

        comparison.Run();
        return Task.CompletedTask;
    }

    private static void Compose(OutgoingMessage message, ArrayBufferWriter<byte> output)
    {
        output.ResetWrittenCount();
        MessageComposer.Compose(message, output);
    }

    private static int ReadAll(byte[] bytes)
    {
        var message = MimeMessage.Parse(bytes);
        var length = message.Headers.First("Subject")!.Value.Text.Length;
        foreach (var part in message.Parts())
        {
            length += part.IsMultipart ? 0 : part.DecodeText().Length;
        }

        return length;
    }

    private static IReadOnlyList<ReadOnlyMemory<byte>> Edit(byte[] bytes)
    {
        if (
            !MessageBytes.TryNormalise(bytes, out var clean, out _)
            || !HeaderLine.TryCreate("X-Gateway-Id", "4711", out var line)
        )
        {
            throw new InvalidDataException("the sample is no clean message");
        }

        var changes = new HeaderChanges { Remove = ["Bcc", "Return-Path"], Prepend = [line!] };
        return HeaderEdits.Slices(MimeMessage.Parse(clean), changes);
    }

    private static void Relay(byte[] bytes, ArrayBufferWriter<byte> output)
    {
        output.ResetWrittenCount();
        var encoder = new DotStuffing.Encoder();
        foreach (var piece in Edit(bytes))
        {
            encoder.Encode(piece.Span, output);
        }

        output.Write(encoder.Finish());
    }

    private static void Copy(byte[] bytes, ArrayBufferWriter<byte> output)
    {
        output.ResetWrittenCount();
        output.Write(bytes);
    }
}
