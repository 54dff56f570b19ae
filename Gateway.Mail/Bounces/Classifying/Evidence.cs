using Gateway.Mail.Bounces.Reading;
using Gateway.Mail.Smtp;

namespace Gateway.Mail.Bounces.Classifying;

/// <summary>All that a report says about one recipient, in the order in which it is believed.</summary>
internal sealed class Evidence
{
    private Evidence(string diagnostic, string notice)
    {
        Diagnostic = diagnostic;
        Notice = notice;
    }

    /// <summary>What the refusing host said, searchable; empty if the report does not quote it.</summary>
    public string Diagnostic { get; }

    /// <summary>What the reporting host says in its own words, searchable.</summary>
    public string Notice { get; }

    /// <summary>True if the report has a Diagnostic-Code: the words are not the reporting host's own.</summary>
    public bool IsQuoted { get; private init; }

    public int? Code { get; private init; }

    /// <summary>The status inside the diagnostic or text; the Status field may contradict it and is believed last.</summary>
    public EnhancedStatus? Said { get; private init; }

    /// <summary>The Status field (RFC 3464 §2.3.4).</summary>
    public EnhancedStatus? Field { get; private init; }
    public SmtpPhase? Phase { get; private init; }

    /// <summary>What counts: the diagnostic's own status, else the field's unless that says nothing (x.0.0).</summary>
    public EnhancedStatus? Status => Said ?? Field;

    /// <summary>RFC 3464 §2.3.4 against §2.3.6: the basic code tells permanent from transient, then the status.</summary>
    public bool IsTransient => Code is { } code ? code < 500 : Status is { Class: 4 };

    /// <param name="diagnostic">Diagnostic-Code without its type, or empty.</param>
    /// <param name="statusField">The Status field as written, its comment included, or null.</param>
    /// <param name="notice">The lines of the notice about this recipient.</param>
    public static Evidence Of(string diagnostic, string? statusField, string notice)
    {
        var field = statusField is { Length: > 0 } ? FieldStatus(statusField) : null;
        var comment =
            statusField is { } written && written.IndexOf('(', StringComparison.Ordinal) is > 0 and var open
                ? written[open..]
                : "";
        var bounded = notice.AsSpan(0, Math.Min(notice.Length, ReportLimits.MaxDiagnostic));
        var searchable = PlainText.Searchable(bounded);
        var reply = ReplyScan.Find(diagnostic);
        var said = diagnostic;
        if (reply is null)
        {
            reply = ReplyScan.Find(bounded);
            said =
                diagnostic.Length > 0 ? diagnostic
                : reply is { } there ? ReplyIn(bounded, there.At)
                : "";
        }

        return new Evidence(PlainText.Searchable($"{said} {comment}"), searchable)
        {
            IsQuoted = diagnostic.Length > 0,
            Code = reply?.Code,
            Said = reply?.Status,
            Field = field,
            Phase = FailurePhase.Find(
                $"{PlainText.Searchable(diagnostic)} {searchable}",
                ReplyScan.Find(searchable)?.At + diagnostic.Length + 1 ?? int.MaxValue
            ),
        };
    }

    // "5.1.1 (bad destination mailbox)": the code stands first, and class 2 is allowed here.
    private static EnhancedStatus? FieldStatus(string field) =>
        ReplyScan.StatusAt(field, 0, out _) ?? ReplyScan.Find(field)?.Status;

    // A quoted reply ends at its bracket or at an empty line; what follows is the reporting host's advice.
    private static string ReplyIn(ReadOnlySpan<char> text, int at)
    {
        var reply = text[at..];
        var end = reply.IndexOf("\n\n");
        end = end < 0 ? reply.Length : end;
        if (at > 0 && text[at - 1] is '[' or '(' && reply.IndexOf(text[at - 1] == '[' ? ']' : ')') is > 0 and var close)
        {
            end = Math.Min(end, close);
        }

        return reply[..end].ToString();
    }
}
