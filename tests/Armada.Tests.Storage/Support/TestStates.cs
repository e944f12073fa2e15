namespace Armada.Tests.Storage.Support;

/// <summary>A document as a grain has one.</summary>
[GenerateSerializer, Alias("armada.tests.arm-state")]
public sealed class ArmState
{
    [Id(0)]
    public string Name { get; set; } = "";

    [Id(1)]
    public int Version { get; set; }

    [Id(2)]
    public byte[] Filler { get; set; } = [];

    /// <summary>One whose parts all follow from its version, so that a mixture of two is found out.</summary>
    public static ArmState Of(int version, int size = 100)
    {
        var filler = new byte[size];
        Array.Fill(filler, (byte)version);
        return new ArmState { Name = $"version {version}", Version = version, Filler = filler };
    }

    /// <summary>Whether all parts are of one version.</summary>
    public bool IsWhole => Name == $"version {Version}" && Filler.All(value => value == (byte)Version);
}
