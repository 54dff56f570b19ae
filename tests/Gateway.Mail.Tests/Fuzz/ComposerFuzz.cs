using Gateway.Mail.Messages;
using Gateway.Mail.Tests.Messages.Composition;

namespace Gateway.Mail.Tests.Fuzz;

/// <summary>A random message, written by us, is read by us as the same.</summary>
public sealed class ComposerFuzz
{
    [Fact]
    [Trait("Fuzz", "composer")]
    public Task What_is_composed_is_read_back_the_same() =>
        FuzzRun.Async(random =>
        {
            var message = RandomMail.Of(random.Next());
            var bytes = Composed.Bytes(message);
            Composed.AssertWireForm(bytes);
            Assert.Equal(bytes, Composed.Bytes(message));
            ReadBack.AssertSame(message, MimeMessage.Parse(bytes));
            return Task.CompletedTask;
        });
}
