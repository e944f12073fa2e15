namespace Armada.Grains.Transport;

/// <summary>A file, and what the person who gave it calls it.</summary>
/// <param name="Name">Such as --cluster-ca.</param>
/// <param name="Path">Where it is.</param>
public sealed record NamedFile(string Name, string Path)
{
    /// <summary>Such as --cluster-ca 'ca.pem'.</summary>
    public override string ToString() => $"{Name} '{Path}'";
}
