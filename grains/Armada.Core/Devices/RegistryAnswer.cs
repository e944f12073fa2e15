namespace Armada.Core.Devices;

public enum RegistryRefusalReason : byte
{
    /// <summary>There is no such device.</summary>
    Unknown,

    /// <summary>The name is another device's, or this one's with another key.</summary>
    Exists,

    /// <summary>The name is not allowed.</summary>
    Name,

    /// <summary>The certificate request is invalid, or its key is not accepted.</summary>
    Request,

    /// <summary>The device was given a certificate that it was not seen on yet.</summary>
    RotationPending,
}

/// <param name="Text">For people: why, and what to do.</param>
[GenerateSerializer, Immutable, Alias("armada.registry.refusal")]
public sealed record RegistryRefusal([Id(0)] RegistryRefusalReason Reason, [Id(1)] string Text);

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

    public RegistryRefusal? Refused { get; private init; }

    public static RegistryAnswer Of(DeviceIdentity device, IssuedCredentials? issued = null, bool isNew = false) =>
        new() { Device = device, Issued = issued, IsNew = isNew };

    public static RegistryAnswer Refuse(RegistryRefusalReason reason, string text) => new() { Refused = new RegistryRefusal(reason, text) };
}

/// <summary>
/// The registry's disk or service failed; the message says what to do, and contains no secret. The former state holds, or the call may be
/// repeated.
/// </summary>
public sealed class RegistryFailedException(string message, Exception? cause = null) : Exception(message, cause);
