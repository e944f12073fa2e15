namespace Armada.Core.Devices;

/// <summary>Why a registry does not do what it is asked.</summary>
public enum RegistryRefusalReason : byte
{
    /// <summary>There is no such device.</summary>
    Unknown,

    /// <summary>The name is another device's, or this one's with another key.</summary>
    Exists,

    /// <summary>The name cannot be had.</summary>
    Name,

    /// <summary>The certificate request is none, or its key is not taken.</summary>
    Request,

    /// <summary>The device was given a certificate that it was not seen on yet.</summary>
    RotationPending,
}

/// <summary>Why not, in words that say what to do.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Text">For people.</param>
public sealed record RegistryRefusal(RegistryRefusalReason Reason, string Text);

/// <summary>What became of a call: the device as it is now, or a refusal.</summary>
public sealed record RegistryAnswer
{
    private RegistryAnswer()
    {
    }

    /// <summary>The device after the call; null where it was refused. Of a deleted device: as it was.</summary>
    public DeviceIdentity? Device { get; private init; }

    /// <summary>What was issued for it by this call, or again by a repeated one; otherwise null.</summary>
    public IssuedCredentials? Issued { get; private init; }

    /// <summary>Whether this call made the device.</summary>
    public bool IsNew { get; private init; }

    /// <summary>Why nothing was done; null where it was.</summary>
    public RegistryRefusal? Refused { get; private init; }

    /// <summary>Done.</summary>
    public static RegistryAnswer Of(DeviceIdentity device, IssuedCredentials? issued = null, bool isNew = false) =>
        new() { Device = device, Issued = issued, IsNew = isNew };

    /// <summary>Not done.</summary>
    public static RegistryAnswer Refuse(RegistryRefusalReason reason, string text) => new() { Refused = new RegistryRefusal(reason, text) };
}
