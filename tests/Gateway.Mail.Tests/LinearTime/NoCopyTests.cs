using System.Text;
using Gateway.Mail.Dkim;
using Gateway.Mail.Messages;
using Gateway.Mail.Tests.Dkim;

namespace Gateway.Mail.Tests.LinearTime;

/// <summary>A body is read where it lies: what is allocated does not grow with it.</summary>
public sealed class NoCopyTests
{
    private const int Slack = 1_024; // far below a copy of the smaller body

    [Fact]
    public void Reading_and_editing_a_message_copies_no_body() =>
        SameFor(bytes =>
        {
            Assert.True(MessageBytes.TryNormalise(bytes, out var clean, out _));
            Assert.True(HeaderLine.TryCreate("X-New", "value", out var line));
            var changes = new HeaderChanges { Remove = ["Bcc"], Prepend = [line!] };
            return HeaderEdits.Slices(MimeMessage.Parse(clean), changes);
        });

    [Fact]
    public void Signing_copies_no_body() => SameFor(bytes => DkimSigner.Sign(bytes, [SampleMail.Rsa()]));

    private static void SameFor(Func<byte[], object> work)
    {
        var (small, large) = (Message(2_000), Message(200_000));
        Assert.InRange(Allocated(work, large) - Allocated(work, small), -Slack, Slack);
    }

    private static long Allocated(Func<byte[], object> work, byte[] message)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 20; i++) // the first ones fill pools and caches
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = work(message);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static byte[] Message(int lines) =>
        Encoding.ASCII.GetBytes(SampleMail.Text + string.Concat(Enumerable.Repeat("a line of the body\r\n", lines)));
}
