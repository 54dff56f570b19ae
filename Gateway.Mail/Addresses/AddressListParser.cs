using System.Text;
using Gateway.Mail.Messages;

namespace Gateway.Mail.Addresses;

/// <summary>
/// One pass over the tokens of an address header, no recursion and no going back: words are collected until a
/// '&lt;', ':', ',' or ';' says what they were.
/// </summary>
internal ref struct AddressListParser
{
    private readonly AddressListLimits limits;
    private readonly NameReading reading;
    private readonly List<AddressListEntry> entries = [];
    private readonly StringBuilder spec = new();
    private readonly StringBuilder name = new();
    private readonly StringBuilder encoded = new(); // the end of the name, whose encoded words are not read yet
    private AddressTokens tokens;
    private List<AddressListEntry>? members;
    private string? groupName;
    private int count;

    private AddressListParser(ReadOnlySpan<char> text, AddressListLimits limits, NameReading reading)
    {
        this.limits = limits;
        this.reading = reading;
        tokens = new AddressTokens(text, limits.MaxCommentDepth);
    }

    public static bool TryParse(
        ReadOnlySpan<char> text,
        AddressListLimits limits,
        NameReading reading,
        out IReadOnlyList<AddressListEntry> entries,
        out AddressError error
    )
    {
        if (text.Length > limits.MaxLength)
        {
            entries = [];
            error = new(
                "address_list_too_long",
                $"At most {limits.MaxLength} characters are accepted.",
                limits.MaxLength
            );
            return false;
        }

        var parser = new AddressListParser(text, limits, reading);
        var done = parser.Run(out error);
        entries = parser.entries;
        return done;
    }

    private bool Run(out AddressError error)
    {
        while (true)
        {
            if (!ReadEntry(out var entry, out error))
                return false;
            if (entry is not null)
                (members ?? entries).Add(entry);

            switch (tokens.Kind)
            {
                case AddressToken.Colon when members is not null:
                    error = new("group_in_group", "A group holds mailboxes, not groups.", tokens.Start);
                    return false;
                case AddressToken.Colon:
                    members = [];
                    break;
                case AddressToken.Semicolon when members is not null:
                    CloseGroup();
                    break;
                case AddressToken.Semicolon:
                    error = new("semicolon_without_group", "Separate mailboxes with commas.", tokens.Start);
                    return false;
                case AddressToken.End when members is not null:
                    CloseGroup();
                    error = new("group_not_closed", "Close the group with ';'.", tokens.Start);
                    return false;
                case AddressToken.End:
                    return true;
            }
        }
    }

    private void CloseGroup()
    {
        entries.Add(new AddressListEntry { Name = groupName, Members = members });
        members = null;
    }

    // Stops on ',', ';', ':' or the end. A group's name comes back as groupName and no entry.
    private bool ReadEntry(out AddressListEntry? entry, out AddressError error)
    {
        entry = null;
        spec.Clear();
        name.Clear();
        encoded.Clear();
        string? comment = null;
        var first = -1;
        var last = -1;
        var wholeSpec = true;
        var isPhrase = true;
        var previous = AddressToken.End;
        while (tokens.Next(out error))
        {
            switch (tokens.Kind)
            {
                case AddressToken.Comment:
                    comment = tokens.Text.ToString();
                    continue;
                case AddressToken.AngleOpen:
                    return ReadAngle(comment, isPhrase ? null : spec.ToString(), out entry, out error);
                case AddressToken.Colon when first >= 0 || members is not null:
                    groupName = DecodedName();
                    return Count(tokens.Start, out error);
                case AddressToken.Comma or AddressToken.Semicolon or AddressToken.End:
                    if (first < 0)
                        return true; // RFC 5322 §4.4: obs-mbox-list has empty elements
                    entry = Finish(NameFrom(comment), tokens.Slice(first, last), first, wholeSpec);
                    return Count(first, out error);
            }

            first = first < 0 ? tokens.Start : first;
            last = tokens.End;
            wholeSpec &= AppendSpec(previous);
            isPhrase &= IsPhrase(previous);
            AppendWord(previous);
            previous = tokens.Kind;
        }

        return false;
    }

    // After '<': everything up to '>' is the address; after that only comments until the separator.
    private bool ReadAngle(string? comment, string? notPhrase, out AddressListEntry? entry, out AddressError error)
    {
        entry = null;
        spec.Clear();
        var display = name.Length + encoded.Length > 0 ? DecodedName() : null;
        var open = tokens.Start;
        var first = -1;
        var last = -1;
        var wholeSpec = true;
        var previous = AddressToken.End;
        while (tokens.Next(out error) && tokens.Kind != AddressToken.AngleClose)
        {
            if (tokens.Kind is AddressToken.End or AddressToken.AngleOpen)
            {
                error = new("angle_bracket_not_closed", "Close the address with '>'.", open);
                return false;
            }

            if (tokens.Kind == AddressToken.Comment)
                continue;
            first = first < 0 ? tokens.Start : first;
            last = tokens.End;
            if (tokens.Kind == AddressToken.Colon && spec.Length > 0 && spec[0] == '@' && wholeSpec)
            {
                spec.Clear(); // RFC 5321 §4.1.1.3: the source route is accepted and ignored
                wholeSpec = true;
                previous = AddressToken.End;
                continue;
            }

            wholeSpec &= AppendSpec(previous);
            previous = tokens.Kind;
        }

        if (error.Code is not null)
            return false;

        var text = first < 0 ? "" : tokens.Slice(first, last);
        while (tokens.Next(out error) && tokens.Kind == AddressToken.Comment)
            comment ??= tokens.Text.ToString();
        if (error.Code is not null)
            return false;
        if (tokens.Kind is not (AddressToken.Comma or AddressToken.Semicolon or AddressToken.End))
        {
            error = new("text_after_address", "After '>' comes a comma or the end.", tokens.Start);
            return false;
        }

        entry = Finish(display ?? NameFrom(comment), text, Math.Max(first, open), wholeSpec);
        if (notPhrase is not null && !IsSame(notPhrase, entry.Address))
        {
            entry = entry with
            {
                Address = null,
                Error = new("name_not_quoted", "Write this name in quotes: \"a@b\" <name@example.com>.", open),
            };
        }

        return Count(open, out error);
    }

    private readonly bool AppendSpec(AddressToken previous)
    {
        // White space and comments may surround words, dots and '@' (obsolete, RFC 5322 §4.4), but two words without
        // a dot between them are not one local part, and not one domain.
        var isWord = tokens.Kind is AddressToken.Atom or AddressToken.Quoted or AddressToken.Literal;
        var afterWord = previous is AddressToken.Atom or AddressToken.Quoted or AddressToken.Literal;
        spec.Append(tokens.Raw);
        return !(isWord && afterWord);
    }

    // RFC 5322 §3.2.5: phrase = 1*word, and since §4.1 dots after the first. Readers differ in what they make of
    // "ceo@bank.example <a@b.example>" and the like: some take the first address. Only the harmless one is left.
    private readonly bool IsPhrase(AddressToken previous)
    {
        if (tokens.Kind is AddressToken.Quoted)
            return true;
        if (tokens.Kind is AddressToken.Dot)
            return previous != AddressToken.End;
        if (tokens.Kind is not AddressToken.Atom)
            return false;
        foreach (var c in tokens.Raw)
        {
            if (!LocalParts.IsAtext(c))
                return tokens.Raw.StartsWith("=?") && EncodedWord.TryRead(tokens.Raw, out _);
        }

        return true;
    }

    private static bool IsSame(string notPhrase, EmailAddress? address) =>
        address is not null && EmailAddress.TryParse(notPhrase, out var named, out _) && named.Equals(address);

    private readonly void AppendWord(AddressToken previous)
    {
        if (previous != AddressToken.End && tokens.SpaceBefore)
            encoded.Append(' ');
        if (tokens.Kind != AddressToken.Quoted)
            encoded.Append(tokens.Raw);
        else if (reading == NameReading.AsReceived)
            encoded.Append(tokens.Text);
        else
            DecodeWords().Append(tokens.Text); // RFC 2047 §5 rule 3: no encoded word in a quoted string
    }

    private readonly StringBuilder DecodeWords()
    {
        name.Append(HeaderWords.DecodeAsSent(encoded.ToString()));
        encoded.Clear();
        return name;
    }

    private readonly string DecodedName()
    {
        var decoded = DecodeWords().ToString();
        return reading == NameReading.Strict ? decoded : DisplayNames.MakeShowable(decoded);
    }

    private readonly string? NameFrom(string? comment) =>
        reading == NameReading.AsReceived && !string.IsNullOrWhiteSpace(comment)
            ? DisplayNames.MakeShowable(HeaderWords.DecodeAsSent(comment))
            : null;

    private readonly AddressListEntry Finish(string? display, string text, int position, bool wholeSpec)
    {
        var error = new AddressError("words_without_dot", "Words of an address are joined by dots.", position);
        EmailAddress? address = null;
        if (wholeSpec && !EmailAddress.TryParse(spec.ToString(), AddressForms.Internet, out address, out error))
            error = error with { Position = position };
        return new AddressListEntry
        {
            Name = display,
            Text = text,
            Address = address,
            Error = error,
        };
    }

    private bool Count(int position, out AddressError error)
    {
        count++;
        error = default;
        if (count <= limits.MaxEntries)
            return true;
        error = new("too_many_addresses", $"At most {limits.MaxEntries} mailboxes are accepted here.", position);
        return false;
    }
}
