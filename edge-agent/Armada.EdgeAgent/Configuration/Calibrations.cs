using Armada.Devices.Calibration;

namespace Armada.EdgeAgent.Configuration;

/// <summary>The calibration files that a configuration names.</summary>
internal static class Calibrations
{
    /// <summary>A device's calibration file; null where its servos are asked instead.</summary>
    /// <exception cref="ConfigurationException">It cannot be used.</exception>
    public static ArmCalibration? Load(DeviceSettings settings)
    {
        if (settings.Calibration == DeviceSettings.FromEeprom)
            return null;
        try
        {
            return CalibrationFile.Read(settings.Calibration);
        }
        catch (CalibrationException e)
        {
            throw new ConfigurationException(
                $"device '{settings.Name}': calibration {e.Message}; name LeRobot's file for this arm, or \"{DeviceSettings.FromEeprom}\"", e);
        }
    }
}
