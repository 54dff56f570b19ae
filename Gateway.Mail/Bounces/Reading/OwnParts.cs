using Gateway.Mail.Messages;

namespace Gateway.Mail.Bounces.Reading;

/// <summary>The parts of a report, without what is inside the message that it gives back.</summary>
internal static class OwnParts
{
    public static IEnumerable<MimePart> Of(MimeMessage message)
    {
        var open = new Stack<MimePart>();
        open.Push(message.Root);
        while (open.TryPop(out var part))
        {
            yield return part;
            if (part.ContentType.IsMessage)
            {
                continue;
            }

            for (var i = part.Children.Count - 1; i >= 0; i--)
            {
                open.Push(part.Children[i]);
            }
        }
    }
}
