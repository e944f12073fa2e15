namespace Armada.Silo.Identities;

/// <summary>Why no certificate is given out.</summary>
internal enum IssueRefusalReason
{
    /// <summary>The name is no device's, or the silo's own.</summary>
    Name,

    /// <summary>The request is longer than any sound one.</summary>
    TooLarge,

    /// <summary>It is no PKCS #10 request.</summary>
    Malformed,

    /// <summary>Its key is of a kind or size that is not taken.</summary>
    Key,

    /// <summary>It is not signed with the key it names.</summary>
    Signature,
}

/// <summary>No certificate, and why in words that say what to do.</summary>
internal sealed record IssueRefusal(IssueRefusalReason Reason, string Text);
