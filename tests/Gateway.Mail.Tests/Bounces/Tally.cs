using System.Globalization;
using System.Text;
using Gateway.Mail.Bounces;

namespace Gateway.Mail.Tests.Bounces;

/// <summary>Counts how often we agree, and keeps a line for each time we do not.</summary>
internal sealed class Tally
{
    private readonly StringBuilder lines = new();
    private int judged;
    private int hardRight;
    private int all;
    private int classRight;
    private int falseHard;

    public double HardAgreement => (double)hardRight / Math.Max(1, judged);
    public double ClassAgreement => (double)classRight / Math.Max(1, all);
    public double FalseHard => (double)falseHard / Math.Max(1, all);

    public void Count(string name, int index, Expectation expected, MailReport report)
    {
        var got = index < report.Recipients.Count ? report.Recipients[index] : null;
        var kind = got?.Class ?? BounceClass.None;
        var hard = got?.IsHard == true;
        var rightClass = SisimaiCorpusTests.Allowed(expected.Reason).Contains(kind);
        var rightHard = hard == expected.Hard;
        all++;
        classRight += rightClass ? 1 : 0;
        falseHard += hard && !expected.Hard ? 1 : 0;
        if (expected.Status.Length > 0 || expected.ReplyCode.Length > 0)
        {
            judged++;
            hardRight += rightHard ? 1 : 0;
        }

        if (!rightClass || !rightHard)
        {
            var said = got?.Diagnostic ?? "";
            lines.Append(
                CultureInfo.InvariantCulture,
                $"{name}#{index + 1} wants {expected.Status} {expected.ReplyCode} {expected.Reason}{(expected.Hard ? " hard" : "")}; {report.Kind} {got?.Action} {kind} {got?.Rule} <{got?.Recipient}> {said[..Math.Min(160, said.Length)]}\n"
            );
        }
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"recipients {all}, hard flag {hardRight} of {judged} ({HardAgreement:P1}), class {classRight} ({ClassAgreement:P1}), false hard {falseHard} ({FalseHard:P1})\n{lines}"
        );
}
