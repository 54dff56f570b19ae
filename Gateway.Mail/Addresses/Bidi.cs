using System.Globalization;
using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>
/// The Bidi rule (RFC 5893 §2) by scripts instead of by the full table of bidirectional classes: a label of a
/// right-to-left script begins with one of its letters, ends with a letter or digit, holds no left-to-right letter
/// and does not mix the two kinds of digits.
/// </summary>
internal static class Bidi
{
    public static bool IsValidLabel(ReadOnlySpan<char> label)
    {
        if (!HasRightToLeft(label))
            return true;

        var first = true;
        var european = false;
        var arabic = false;
        foreach (var rune in label.EnumerateRunes())
        {
            var isLetter = Rune.IsLetter(rune);
            if (isLetter && !IsRightToLeft(rune.Value)) // condition 2
                return false;
            if (first && !isLetter) // condition 1
                return false;
            european |= rune.Value is (>= '0' and <= '9') or (>= 0x06F0 and <= 0x06F9);
            arabic |= rune.Value is >= 0x0660 and <= 0x0669;
            first = false;
        }

        return !(european && arabic) && EndsWithLetterOrDigit(label); // conditions 4 and 3
    }

    private static bool HasRightToLeft(ReadOnlySpan<char> label)
    {
        foreach (var rune in label.EnumerateRunes())
        {
            if (IsRightToLeft(rune.Value))
                return true;
        }

        return false;
    }

    private static bool EndsWithLetterOrDigit(ReadOnlySpan<char> label)
    {
        while (Rune.DecodeLastFromUtf16(label, out var rune, out var used) == System.Buffers.OperationStatus.Done)
        {
            if (Rune.IsLetterOrDigit(rune))
                return true;
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark))
                return false;
            label = label[..^used];
        }

        return false;
    }

    // The blocks that Unicode sets aside for right-to-left scripts (DerivedBidiClass, classes R and AL).
    private static bool IsRightToLeft(int value) =>
        value
            is (>= 0x0590 and <= 0x065F)
                or (>= 0x066A and <= 0x06EF)
                or (>= 0x06FA and <= 0x08FF)
                or (>= 0xFB1D and <= 0xFDFF)
                or (>= 0xFE70 and <= 0xFEFF)
                or (>= 0x10800 and <= 0x10FFF)
                or (>= 0x1E800 and <= 0x1EFFF);
}
