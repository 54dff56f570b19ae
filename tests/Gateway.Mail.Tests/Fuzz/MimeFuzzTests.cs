using System.Text;

namespace Gateway.Mail.Tests.Fuzz;

public sealed class MimeFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Seeds =
    [
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
            + "Message-ID: <1@b.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n"
            + "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9 =\r\nx\r\n"
            + "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\na\r\n--c\r\nContent-Type: text/html\r\n\r\n"
            + "<p>a\r\n--c--\r\n--b\r\nContent-Type: image/png; name*0*=utf-8''%E2%82; name*1*=%AC\r\n"
            + "Content-Transfer-Encoding: base64\r\nContent-ID: <i@b>\r\n\r\niVBORw0KGgo=\r\n--b--\r\nepilogue\r\n",
        "Subject: x\nContent-Type: message/rfc822\n\nFrom: a\nContent-Type: multipart/digest; boundary=\"d d\"\n\n--d d\n\nA: b\n\nx\n--d d--\n",
        "Content-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#86)C\n`\nend\n",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(20261122)]
    public void Mutated_messages_bring_forth_only_declared_refusals(int seed)
    {
        var messages = Seeds.Select(Encoding.UTF8.GetBytes).ToList();
        var tried = MimeFuzz.Run(TimeSpan.FromSeconds(2.5), seed, messages);
        output.WriteLine($"{tried} inputs");
        Assert.True(tried > 0);
    }
}
