using System.Text;

namespace ProviderEmulators.Events;

/// <summary>Posts as Postmark does: not signed, with a user and a password (postmark.md §4).</summary>
public static class PostmarkWriter
{
    public const string User = "postmark";
    public const string Password = "emulated-password-of-postmark";

    public static EventPost Write(string json, string user = User, string password = Password) =>
        new(
            Encoding.UTF8.GetBytes(json),
            new Dictionary<string, string>
            {
                ["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")),
            }
        );
}
