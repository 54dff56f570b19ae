namespace Gateway.Mail.Addresses;

/// <summary>
/// Forms of address that RFC 5321 allows and a gateway to the public Internet does not need. Each is refused
/// unless it is asked for by name.
/// </summary>
[Flags]
public enum AddressForms
{
    /// <summary>Fully-qualified domain names whose last label is not a number.</summary>
    Internet = 0,

    /// <summary><c>a@[192.0.2.1]</c>, <c>a@[IPv6:2001:db8::1]</c> (RFC 5321 §4.1.3). There is no domain to route, sign or suppress by.</summary>
    AddressLiteral = 1,

    /// <summary><c>a@localhost</c>: not fully qualified (RFC 5321 §2.3.5), useful between machines of one house only.</summary>
    SingleLabelDomain = 2,

    /// <summary><c>a@example.123</c>: looks like an IPv4 address to many resolvers (RFC 3696 §2).</summary>
    NumericTopLevel = 4,
}
