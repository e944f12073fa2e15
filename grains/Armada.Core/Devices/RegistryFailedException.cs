namespace Armada.Core.Devices;

/// <summary>The registry could not do it: its disk refused, or its service is not reached. What was before is in force, or the call may be repeated.</summary>
public sealed class RegistryFailedException : Exception
{
    /// <summary>With words that say what to do; without any secret.</summary>
    public RegistryFailedException(string message) : base(message)
    {
    }

    /// <summary>With words that say what to do, and the cause.</summary>
    public RegistryFailedException(string message, Exception cause) : base(message, cause)
    {
    }
}
