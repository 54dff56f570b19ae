using System.Globalization;

namespace Gateway.Mail.Smtp.Classifying;

/// <summary>The stages that tables tell apart. The stage of a refusal weighs more than its number.</summary>
[Flags]
internal enum Stages
{
    None = 0,
    Session = 1,
    Sender = 2,
    Recipient = 4,
    Message = 8,
    Login = 16,
    Transaction = Sender | Recipient | Message,
    All = Session | Login | Transaction,
}

/// <summary>
/// One line of a table. It holds when stage, hop, code and status all do, and one of its phrases is in the text.
/// A phrase is lower case; <c>a &amp; b</c> wants both parts.
/// </summary>
internal sealed class ReplyRule
{
    private readonly string[][] phrases;
    private readonly (int Class, int Subject, int From, int To)? status;

    public ReplyRule(string name, Outcome outcome, OutcomeScope scope, params string[] phrases)
    {
        (Name, Outcome, Scope) = (name, outcome, scope);
        this.phrases = [.. phrases.Select(p => p.Split(" & "))];
    }

    public string Name { get; }
    public Outcome Outcome { get; }
    public OutcomeScope Scope { get; }
    public Stages At { get; init; } = Stages.Transaction;
    public SmtpHop? Hop { get; init; }

    /// <summary>The first digits of the code: <c>4</c>, <c>55</c>, <c>452</c>.</summary>
    public string Code { get; init; } = "";

    /// <summary><c>5.7.26</c>, <c>x.1.1</c>, or a range of details <c>5.7.606-649</c>.</summary>
    public string Status
    {
        init
        {
            var parts = value.Split('.', '-');
            var numbers = parts.Select(p => p == "x" ? 0 : int.Parse(p, CultureInfo.InvariantCulture)).ToArray();
            status = (numbers[0], numbers[1], numbers[2], numbers[^1]);
        }
    }

    /// <summary>What to wait when the server gives no time of its own.</summary>
    public TimeSpan? Retry { get; init; }

    public bool Holds(in ReplyFacts facts) =>
        (At & facts.Stage) != Stages.None
        && (Hop is null || Hop == facts.Hop)
        && facts.Code.StartsWith(Code, StringComparison.Ordinal)
        && HasStatus(facts.Enhanced)
        && HasPhrase(facts.Text);

    private bool HasStatus(EnhancedStatus? enhanced) =>
        status is not { } want
        || (
            enhanced is { } has
            && (want.Class == 0 || want.Class == has.Class)
            && want.Subject == has.Subject
            && has.Detail >= want.From
            && has.Detail <= want.To
        );

    private bool HasPhrase(string text)
    {
        if (phrases.Length == 0)
        {
            return true;
        }

        foreach (var parts in phrases)
        {
            if (Array.TrueForAll(parts, part => text.Contains(part, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A reply as the rules read it.</summary>
internal readonly record struct ReplyFacts(
    Stages Stage,
    SmtpHop Hop,
    string Code,
    EnhancedStatus? Enhanced,
    string Text
);
