using System.Globalization;
using System.Text;

namespace Gateway.Mail.Addresses;

/// <summary>
/// Which characters beyond ASCII an address may hold: those that a person can see. Two addresses that look the same
/// and are not, or that reorder the text around them, are refused (RFC 8264 §9 disallows the same classes in its
/// IdentifierClass; RFC 5893 and UTS #36 say why).
/// </summary>
internal static class CharacterRules
{
    /// <summary>False names the first character that has no place in an address.</summary>
    public static bool AreVisible(ReadOnlySpan<char> text, out AddressError error)
    {
        for (var i = Ascii.IsValid(text) ? text.Length : 0; i < text.Length; )
        {
            if (text[i] < 0x80)
            {
                i++;
                continue;
            }

            if (Rune.DecodeFromUtf16(text[i..], out var rune, out var used) != System.Buffers.OperationStatus.Done)
            {
                error = new("not_unicode", "The text holds half of a surrogate pair.", i);
                return false;
            }

            if (!IsVisible(rune))
            {
                error = new(
                    "invisible_character",
                    $"U+{rune.Value:X4} is invisible, a space, or changes the writing direction; remove it.",
                    i
                );
                return false;
            }

            i += used;
        }

        error = default;
        return true;
    }

    /// <summary>True for letters, marks, digits, punctuation and symbols that are not default-ignorable.</summary>
    public static bool IsVisible(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate
                or UnicodeCategory.OtherNotAssigned
            )
        && !IsDefaultIgnorable(rune.Value);

    // Unicode DerivedCoreProperties, Default_Ignorable_Code_Point, what is left of it beyond category Cf.
    private static bool IsDefaultIgnorable(int value) =>
        value
            is 0x034F
                or 0x115F
                or 0x1160
                or 0x17B4
                or 0x17B5
                or (>= 0x180B and <= 0x180F)
                or 0x3164
                or (>= 0xFE00 and <= 0xFE0F)
                or 0xFFA0
                or (>= 0xE0000 and <= 0xE0FFF);
}
