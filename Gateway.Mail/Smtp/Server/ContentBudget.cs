namespace Gateway.Mail.Smtp;

/// <summary>Bytes that many messages may hold together while they come in, so that many at once are no one's memory.</summary>
public sealed class ContentBudget(long most)
{
    private long taken;

    public long Most => most;

    public long Taken => Interlocked.Read(ref taken);

    /// <summary>False where it would be too much; nothing is taken then.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref taken, bytes) <= most)
        {
            return true;
        }

        Interlocked.Add(ref taken, -bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref taken, -bytes);
}
