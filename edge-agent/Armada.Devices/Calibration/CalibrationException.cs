namespace Armada.Devices.Calibration;

/// <summary>A calibration cannot be used; the message is one line that names the file or port, the joint, and what is wrong.</summary>
public sealed class CalibrationException(string message) : Exception(message);
