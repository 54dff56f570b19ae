using System.Text;
using System.Text.Json;
using Gateway.Mail.Bounces;

namespace Gateway.Reports;

/// <summary>A report as the event tells it to the tenant: the same fields whichever path or source it came from.</summary>
internal static class ReportText
{
    /// <summary>Characters of a reply that an event keeps.</summary>
    private const int MostReply = 2_000;

    /// <summary>Characters of a further fact, such as a link.</summary>
    private const int MostFact = 1_500;

    /// <summary>Further facts of one event.</summary>
    private const int MostFacts = 12;

    private const int MostStatus = 20;

    public static string Of(DeliveryReport report, PastAttempt? attempt, ReportStep step)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, "cause", step.Cause);
            Write(json, "path", attempt?.Path ?? report.Path);
            if (attempt is { } known)
            {
                json.WriteNumber("attempt", known.Number);
            }

            if (report.Kind == Reported.Failed)
            {
                json.WriteString("class", ClassOf(report));
                json.WriteString("outcome", report.Outcome.ToString());
            }

            Write(json, "reply", Bounded(report.Reply, MostReply));
            Write(json, "status", Bounded(report.Status, MostStatus));
            json.WriteString("source", report.Source);
            foreach (var (name, value) in report.Facts.Take(MostFacts))
            {
                Write(json, name, Bounded(value, MostFact));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>hard, soft, full, block or unknown.</summary>
    private static string ClassOf(DeliveryReport report) =>
        report.Class switch
        {
            BounceClass.Hard => "hard",
            BounceClass.MailboxFull => "full",
            BounceClass.Block => "block",
            BounceClass.Soft => "soft",
            _ => "unknown",
        };

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is { Length: > 0 })
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>A stranger may say anything: NUL and half a surrogate pair are no text that PostgreSQL holds.</summary>
    public static string? Bounded(string? text, int most)
    {
        if (text is null)
        {
            return null;
        }

        var bounded = text.Length <= most ? text : text[..most];
        if (
            !bounded.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
            && !bounded.Contains('\0', StringComparison.Ordinal)
        )
        {
            return bounded;
        }

        var clean = new StringBuilder(bounded.Length);
        foreach (var rune in bounded.EnumerateRunes())
        {
            clean.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }
}
