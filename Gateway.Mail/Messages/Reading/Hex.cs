namespace Gateway.Mail.Messages;

internal static class Hex
{
    /// <summary>The byte that two hexadecimal digits of either case write.</summary>
    public static bool TryPair(byte high, byte low, out byte value)
    {
        var h = Digit(high);
        var l = Digit(low);
        value = (byte)((h << 4) | (l & 15));
        return (h | l) >= 0;
    }

    private static int Digit(byte c) =>
        c switch
        {
            >= (byte)'0' and <= (byte)'9' => c - '0',
            >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
            >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
            _ => -1,
        };
}
